/* The floor: what libjpeg-turbo costs when nothing stands between it and the frame.
 *
 * Plain C over the same static libjpeg-turbo that the package links, on the strided frame: encoder, tables and output kept
 * between calls (kept.h), standard Huffman tables, accurate DCT. Frames are decoded by the TurboJPEG 3 interface. Each function does its job `times` times, so
 * that the call through ctypes costs it nothing, and returns the size of the last result, 0 on failure. */
#include "kept.h"

#include <stdint.h>
#include <turbojpeg.h>

#define FLOOR __attribute__((visibility("default")))

enum { OUT_BYTES = 16 << 20, SCRATCH_BYTES = 32 << 20 };

static int quality = 85;
static tjhandle compressor, decompressor;
static uint8_t *out, *scratch, *decoded;

FLOOR int floor_ready(void) {
  if (out) return 1;
  compressor = tj3Init(TJINIT_COMPRESS);
  decompressor = tj3Init(TJINIT_DECOMPRESS);
  out = malloc(OUT_BYTES);
  scratch = malloc(SCRATCH_BYTES);
  decoded = malloc(SCRATCH_BYTES);
  if (!compressor || !decompressor || !out || !scratch || !decoded) return 0;
  memset(out, 1, OUT_BYTES);
  memset(scratch, 1, SCRATCH_BYTES);
  memset(decoded, 1, SCRATCH_BYTES);
  return !tj3Set(compressor, TJPARAM_NOREALLOC, 1) && !tj3Set(compressor, TJPARAM_SUBSAMP, TJSAMP_420) &&
         !tj3Set(compressor, TJPARAM_QUALITY, 85);
}

FLOOR const uint8_t *floor_out(void) { return out; }

/* The quality of what follows. */
FLOOR void floor_quality(int wanted) {
  quality = wanted;
  tj3Set(compressor, TJPARAM_QUALITY, wanted);
}

static size_t packed(const uint8_t *pixels, int width, int pitch, int height) {
  return kept_rgb(pixels, pitch, width, height, quality, out, OUT_BYTES);
}

static size_t planes(const uint8_t *y, const uint8_t *u, const uint8_t *v, int width, int height, int luma_pitch,
                     int chroma_pitch) {
  return kept_planes(y, u, v, luma_pitch, chroma_pitch, width, height, quality, out, OUT_BYTES);
}

FLOOR size_t floor_rgb(const uint8_t *frame, int pitch, int x, int y, int width, int height, int times) {
  size_t size = 0;
  for (int i = 0; i < times; i++) size = packed(frame + (size_t)y * pitch + 3 * x, width, pitch, height);
  return size;
}

FLOOR size_t floor_nv12(const uint8_t *luma, const uint8_t *chroma, int pitch, int x, int y, int width, int height,
                        int times) {
  size_t size = 0;
  const uint8_t *rows = luma + (size_t)y * pitch + x, *pairs = chroma + (size_t)(y / 2) * pitch + x;
  for (int i = 0; i < times; i++)
    size = kept_planes(rows, pairs, NULL, pitch, pitch, width, height, quality, out, OUT_BYTES);
  return size;
}

/* The same by the TurboJPEG 3 interface, which sets its tables up for each image: what most programs call. */
FLOOR size_t floor_nv12_turbo(const uint8_t *luma, const uint8_t *chroma, int pitch, int x, int y, int width,
                              int height, int times) {
  size_t size = 0;
  int w = width / 2, h = height / 2;
  uint8_t *u = scratch, *v = scratch + (size_t)w * h;
  for (int i = 0; i < times; i++) {
    for (int row = 0; row < h; row++) {
      const uint8_t *from = chroma + (size_t)(y / 2 + row) * pitch + x;
      uint8_t *restrict a = u + (size_t)row * w, *restrict b = v + (size_t)row * w;
      for (int k = 0; k < w; k++) {
        a[k] = from[2 * k];
        b[k] = from[2 * k + 1];
      }
    }
    const uint8_t *from[3] = {luma + (size_t)y * pitch + x, u, v};
    int pitches[3] = {pitch, w, w};
    uint8_t *to = out;
    size = OUT_BYTES;
    if (tj3CompressFromYUVPlanes8(compressor, from, width, pitches, height, &to, &size)) return 0;
  }
  return size;
}

static uint8_t byte(int value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value); }

/* Video range, expanded on the crop. */
FLOOR size_t floor_nv12_video(const uint8_t *luma, const uint8_t *chroma, int pitch, int x, int y, int width,
                              int height, int times) {
  size_t size = 0;
  int w = width / 2, h = height / 2;
  uint8_t *full = scratch, *u = scratch + (size_t)width * height, *v = u + (size_t)w * h;
  for (int i = 0; i < times; i++) {
    for (int row = 0; row < height; row++) {
      const uint8_t *from = luma + (size_t)(y + row) * pitch + x;
      uint8_t *restrict to = full + (size_t)row * width;
      for (int k = 0; k < width; k++) to[k] = byte(((from[k] - 16) * 298 + 128) >> 8);
    }
    for (int row = 0; row < h; row++) {
      const uint8_t *from = chroma + (size_t)(y / 2 + row) * pitch + x;
      uint8_t *restrict a = u + (size_t)row * w, *restrict b = v + (size_t)row * w;
      for (int k = 0; k < w; k++) {
        a[k] = byte(((from[2 * k] - 128) * 291 + 128 * 256 + 128) >> 8);
        b[k] = byte(((from[2 * k + 1] - 128) * 291 + 128 * 256 + 128) >> 8);
      }
    }
    size = planes(full, u, v, width, height, width, w);
  }
  return size;
}

/* A third of the frame, averaged 3 x 3 on each plane, then encoded. */
static void third(const uint8_t *from, int pitch, int width, int height, uint8_t *to) {
  static uint16_t sums[3 * 4096];
  for (int row = 0; row < height; row++) {
    const uint8_t *a = from + (size_t)3 * row * pitch, *b = a + pitch, *c = b + pitch;
    for (int k = 0; k < 3 * width; k++) sums[k] = (uint16_t)(a[k] + b[k] + c[k]);
    for (int k = 0; k < width; k++)
      to[(size_t)row * width + k] = (uint8_t)(((sums[3 * k] + sums[3 * k + 1] + sums[3 * k + 2]) * 7282u + 32768u) >> 16);
  }
}

static void third_of_pairs(const uint8_t *from, int pitch, int width, int height, uint8_t *u, uint8_t *v) {
  static uint16_t sums[6 * 4096];
  for (int row = 0; row < height; row++) {
    const uint8_t *a = from + (size_t)3 * row * pitch, *b = a + pitch, *c = b + pitch;
    for (int k = 0; k < 6 * width; k++) sums[k] = (uint16_t)(a[k] + b[k] + c[k]);
    for (int k = 0; k < width; k++) {
      const uint16_t *s = sums + 6 * k;
      u[(size_t)row * width + k] = (uint8_t)(((s[0] + s[2] + s[4]) * 7282u + 32768u) >> 16);
      v[(size_t)row * width + k] = (uint8_t)(((s[1] + s[3] + s[5]) * 7282u + 32768u) >> 16);
    }
  }
}

FLOOR size_t floor_downsized(const uint8_t *luma, const uint8_t *chroma, int pitch, int width, int height, int times) {
  size_t size = 0;
  int w = width / 3, h = height / 3;
  uint8_t *y = scratch, *u = y + (size_t)w * h, *v = u + (size_t)w / 2 * (h / 2);
  for (int i = 0; i < times; i++) {
    third(luma, pitch, w, h, y);
    third_of_pairs(chroma, pitch, w / 2, h / 2, u, v);
    size = planes(y, u, v, w, h, w, w / 2);
  }
  return size;
}

/* What a C program does to a box of an MJPEG frame: decode all of it, cut, encode. */
FLOOR size_t floor_jpeg(const uint8_t *jpeg, size_t jpeg_size, int frame_width, int x, int y, int width, int height,
                        int times) {
  size_t size = 0;
  for (int i = 0; i < times; i++) {
    if (tj3DecompressHeader(decompressor, jpeg, jpeg_size)) return 0;
    if (tj3Decompress8(decompressor, jpeg, jpeg_size, decoded, 3 * frame_width, TJPF_RGB)) return 0;
    size = packed(decoded + ((size_t)y * frame_width + x) * 3, width, 3 * frame_width, height);
  }
  return size;
}

/* Half size by scaled decoding to planes, then encoded. */
FLOOR size_t floor_jpeg_half(const uint8_t *jpeg, size_t jpeg_size, int frame_width, int frame_height, int times) {
  size_t size = 0;
  int w = frame_width / 2, h = frame_height / 2;
  uint8_t *to[3] = {decoded, decoded + (size_t)w * h, decoded + (size_t)w * h + (size_t)w / 2 * (h / 2)};
  int pitches[3] = {w, w / 2, w / 2};
  for (int i = 0; i < times; i++) {
    if (tj3DecompressHeader(decompressor, jpeg, jpeg_size)) return 0;
    if (tj3SetScalingFactor(decompressor, (tjscalingfactor){1, 2})) return 0;
    if (tj3DecompressToYUVPlanes8(decompressor, jpeg, jpeg_size, to, pitches)) return 0;
    size = planes(to[0], to[1], to[2], w, h, w, w / 2);
    tj3SetScalingFactor(decompressor, TJUNSCALED);
  }
  return size;
}
