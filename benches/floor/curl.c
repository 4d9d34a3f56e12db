/* The floor of sending: libcurl's easy interface, as cameras push with it. One handle, whose connection is kept. */

#include <curl/curl.h>
#include <fcntl.h>
#include <unistd.h>

static CURL *handle;
static struct curl_slist *fields;

static size_t pass_over(char *bytes, size_t size, size_t count, void *context) {
    (void)bytes;
    (void)context;
    return size * count;
}

/* Takes the fields of an event's request; 0 where libcurl has none of it. */
int floor_curl_ready(const char *url) {
    handle = curl_easy_init();
    fields = curl_slist_append(fields, "Content-Type: multipart/form-data; boundary=b");
    fields = curl_slist_append(fields, "Idempotency-Key: 00000000000000000000000000000000-4711");
    fields = curl_slist_append(fields, "X-Event-Id: 00000000000000000000000000000000");
    fields = curl_slist_append(fields, "X-Attempt: 1");
    fields = curl_slist_append(fields, "Expect:");
    if (handle == NULL || fields == NULL) return 0;
    curl_easy_setopt(handle, CURLOPT_URL, url);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, fields);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, pass_over);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, 30000L);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    return 1;
}

/* Posts a body; the status, or 0. */
long floor_curl_post(const char *body, long length) {
    long status = 0;
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, length);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body);
    if (curl_easy_perform(handle) != CURLE_OK) return 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* Keeps a body in a file of its own, through a power cut, posts it and removes the file; the status, or 0. */
long floor_curl_forward(int folder, const char *name, const char *body, long length) {
    int file = openat(folder, name, O_CREAT | O_EXCL | O_WRONLY, 0600);
    long status;
    if (file < 0) return 0;
    if (write(file, body, (size_t)length) != length || fsync(file) || close(file) || fsync(folder)) return 0;
    status = floor_curl_post(body, length);
    return unlinkat(folder, name, 0) ? 0 : status;
}
