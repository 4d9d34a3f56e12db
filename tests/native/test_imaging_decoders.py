"""Every decoder at hand takes the pictures of the faster encoder without a word, and agrees on what they show.

That they are libjpeg-turbo's own bytes is held by `test_imaging_encoders.py`.
"""

import base64
import io
import os
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cammra_edge.imaging import encode_image
from cammra_edge.model import FrameFormat, ImageKind, ImageSpec
from tests.native.pictures import decoded, mean_difference, nv12_of, photo
from tests.servers import require_program
from tests.web.chromium import chromium

Pixels = NDArray[np.uint8]
SIZES = [(640, 400), (160, 48), (34, 18), (16, 16)]
QUALITIES = [30, 85, 98]
SAID_OF_ANY = ("make sure you did set range correctly", "EOI missing, emulating")
"""What FFmpeg says of many good JPEGs, Pillow's own among them."""

GO = """package main
import ("image"; "image/draw"; _ "image/jpeg"; "os")
func main() {
	file, err := os.Open(os.Args[1])
	if err != nil { panic(err) }
	picture, _, err := image.Decode(file)
	if err != nil { panic(err) }
	rgba := image.NewRGBA(picture.Bounds())
	draw.Draw(rgba, rgba.Bounds(), picture, image.Point{}, draw.Src)
	os.Stdout.Write(rgba.Pix)
}
"""
JAVA = """import java.awt.image.BufferedImage;
import java.io.*;
import javax.imageio.*;
public class Decode {
  public static void main(String[] files) throws IOException {
    ImageIO.setUseCache(false);
    ImageReader reader = ImageIO.getImageReadersByFormatName("jpeg").next();
    reader.addIIOReadWarningListener((source, warning) -> { throw new IllegalStateException(warning); });
    reader.setInput(ImageIO.createImageInputStream(new File(files[0])));
    BufferedImage picture = reader.read(0);
    OutputStream out = new BufferedOutputStream(System.out);
    for (int y = 0; y < picture.getHeight(); y++)
      for (int x = 0; x < picture.getWidth(); x++) {
        int rgb = picture.getRGB(x, y);
        out.write(rgb >> 16); out.write(rgb >> 8); out.write(rgb); out.write(255);
      }
    out.flush();
  }
}
"""
CANVAS = """async (url) => {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return btoa(data.reduce((text, byte) => text + String.fromCharCode(byte), ""));
}"""


def pillow(jpeg: bytes) -> Pixels:
    return decoded(jpeg).astype(np.uint8)


def opencv(jpeg: bytes) -> Pixels:
    bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert bgr is not None
    return np.asarray(bgr[..., ::-1], np.uint8)


def pyav(jpeg: bytes) -> Pixels:
    with av.open(io.BytesIO(jpeg), "r", format="mjpeg") as container:
        (frame,) = container.decode(video=0)
        return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def said_nothing(command: list[str]) -> bytes:
    """What a program makes of it; a word on standard error is a warning."""
    done = subprocess.run(command, capture_output=True, check=False, timeout=100)
    lines = done.stderr.decode().splitlines()
    said = [line for line in lines if not line.endswith(SAID_OF_ANY)]
    assert (done.returncode, said) == (0, [])
    return done.stdout


def rgb_of(pixels: bytes, jpeg: bytes) -> Pixels:
    """Red, green and blue of pixels in four bytes."""
    with Image.open(io.BytesIO(jpeg)) as image:
        width, height = image.size
    raw = np.frombuffer(pixels, np.uint8)
    return raw.reshape(height, width, 4)[..., :3]


def of_a_program(name: str, folder: Path) -> Callable[[bytes], Pixels]:
    """A decoder in another language, compiled once."""
    picture = folder / "picture.jpg"
    if name == "FFmpeg":
        ffmpeg = require_program("ffmpeg", apt="ffmpeg")
        command = [ffmpeg, "-v", "repeat+warning", "-xerror", "-i", str(picture)]
        command += ["-f", "rawvideo", "-pix_fmt", "rgba", "-"]
    elif name == "Go":
        (folder / "main.go").write_text(GO)
        go = require_program("go", apt="golang-go")
        environment = os.environ | {"GO111MODULE": "off", "GOFLAGS": "-buildvcs=false"}
        build = [go, "build", "-o", "decode", "main.go"]
        subprocess.run(build, cwd=folder, env=environment, check=True, timeout=100)
        command = [str(folder / "decode"), str(picture)]
    else:
        (folder / "Decode.java").write_text(JAVA)
        javac = require_program("javac", apt="default-jdk-headless")
        subprocess.run([javac, "Decode.java"], cwd=folder, check=True, timeout=100)
        java = require_program("java", apt="default-jdk-headless")
        command = [java, "-Djava.awt.headless=true", "-cp", str(folder), "Decode", str(picture)]

    def decode(jpeg: bytes) -> Pixels:
        picture.write_bytes(jpeg)
        return rgb_of(said_nothing(command), jpeg)

    return decode


def agrees(decode: Callable[[bytes], Pixels], capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing is said of any picture, and what is shown is what the camera saw."""
    for number, (width, height) in enumerate(SIZES):
        rgb = photo(width, height, seed=number)
        for video in (True, False):
            frame_format = FrameFormat.NV12 if video else FrameFormat.NV12_FULL
            frame = nv12_of(rgb, video=video)
            for quality in QUALITIES:
                spec = ImageSpec(kind=ImageKind.FULL_FRAME, quality=quality)
                jpeg = encode_image(frame, frame_format, spec).jpeg
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    shown = decode(jpeg)
                assert shown.shape == rgb.shape
                # Decoders differ in how they interpolate chroma and round.
                assert mean_difference(shown, pillow(jpeg)) < 5
                assert mean_difference(shown, rgb) < 12
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("decode", [pillow, opencv, pyav])
def test_a_library_decodes_it(
    decode: Callable[[bytes], Pixels], capfd: pytest.CaptureFixture[str]
) -> None:
    agrees(decode, capfd)


@pytest.mark.parametrize("name", ["FFmpeg", "Go", "Java"])
def test_a_program_decodes_it(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    agrees(of_a_program(name, tmp_path), capfd)


def test_a_browser_decodes_it(capfd: pytest.CaptureFixture[str]) -> None:
    with chromium() as browser:
        page = browser.new_page()

        def decode(jpeg: bytes) -> Pixels:
            url = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
            return rgb_of(base64.b64decode(page.evaluate(CANVAS, url)), jpeg)

        agrees(decode, capfd)
