// The floor of store and forward in Go: a file per event, fsync of file and folder, a POST on a kept connection.
//
// Reads a count a line, sends so many events, and prints the CPU time that this process took, in nanoseconds.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

func main() {
	url, folder := os.Args[1], os.Args[2]
	size, err := strconv.Atoi(os.Args[3])
	check(err)
	directory, err := os.Open(folder)
	check(err)
	body := make([]byte, size)
	number := 0
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		count, err := strconv.Atoi(lines.Text())
		check(err)
		before := spent()
		for range count {
			number++
			forward(url, filepath.Join(folder, fmt.Sprintf("go-%08d", number)), directory, body)
		}
		fmt.Println(spent() - before)
	}
}

func forward(url, path string, directory *os.File, body []byte) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	check(err)
	_, err = file.Write(body)
	check(err)
	check(file.Sync())
	check(file.Close())
	check(directory.Sync())
	request, err := http.NewRequest("POST", url, bytes.NewReader(body))
	check(err)
	request.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	request.Header.Set("Idempotency-Key", "00000000000000000000000000000000-4711")
	request.Header.Set("X-Event-Id", "00000000000000000000000000000000")
	request.Header.Set("X-Attempt", "1")
	answer, err := http.DefaultClient.Do(request)
	check(err)
	_, err = io.Copy(io.Discard, answer.Body)
	check(err)
	check(answer.Body.Close())
	if answer.StatusCode != http.StatusOK {
		check(fmt.Errorf("status %d", answer.StatusCode))
	}
	check(os.Remove(path))
}

func spent() int64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
