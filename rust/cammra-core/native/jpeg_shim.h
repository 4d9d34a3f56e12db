/* All that Rust may ask of libjpeg-turbo.
 *
 * Contract: no call unwinds or jumps into its caller. libjpeg reports a fatal error by a jump; every function below
 * catches its own, returns the encoder or decoder to its idle state, keeps the message, and returns SHIM_FAILED. The
 * Rust side (`jpeg/ffi.rs`) checks every length before it calls, and nothing here does so again. One encoder or decoder
 * belongs to one thread at a time.
 *
 * Held by `jpeg/tests.rs` and by tests/native/test_imaging_hostile.py. */
#ifndef CAMMRA_JPEG_SHIM_H
#define CAMMRA_JPEG_SHIM_H

#include <stddef.h>
#include <stdint.h>

enum { SHIM_OK = 0, SHIM_FAILED = -1, SHIM_UNSUITABLE = 1 };

/* Colour of the input samples. */
enum { SHIM_RGB = 0, SHIM_BGR = 1, SHIM_GRAY = 2, SHIM_YCC = 3 };

/* How one image is to be encoded. `h_factor`, `v_factor`: luma samples for each chroma sample. */
typedef struct {
  uint32_t width, height;
  int32_t space, quality, h_factor, v_factor;
} shim_encoding;

/* One plane of one band (an iMCU row): `rows` rows are real, the last of them is repeated below. */
typedef struct {
  const uint8_t *samples;
  size_t stride;
  uint32_t rows;
} shim_band;

/* Which part of a frame is to be decoded, and how. */
typedef struct {
  uint32_t x, y, width, height; /* in pixels of the scaled frame */
  int32_t scale_eighths;        /* 8, 4, 2 or 1 */
  int32_t gray;                 /* 1: one byte a pixel, else RGB */
  int32_t smooth_chroma;        /* 1: interpolate chroma, 0: repeat it */
} shim_part;

/* "avx2", "sse2", "neon" or "none". */
const char *shim_simd(void);

typedef struct shim_encoder shim_encoder;
typedef struct shim_decoder shim_decoder;

/* NULL when memory is short. */
shim_encoder *shim_encoder_new(void);
void shim_encoder_free(shim_encoder *encoder);
const char *shim_encoder_why(const shim_encoder *encoder);

/* Encodes interleaved rows, `stride` bytes apart. */
int shim_encode_packed(shim_encoder *encoder, const shim_encoding *how, const uint8_t *pixels, size_t stride);

/* Encodes planes: begin, one call for each band of 8 x v_factor luma rows, finish. Rows are readable up to the next
 * multiple of 8 samples. */
int shim_planes_begin(shim_encoder *encoder, const shim_encoding *how);
int shim_planes_band(shim_encoder *encoder, const shim_band bands[3]);
int shim_planes_finish(shim_encoder *encoder);

/* The last JPEG; valid until the encoder's next call. */
const uint8_t *shim_encoded(const shim_encoder *encoder, size_t *size);

shim_decoder *shim_decoder_new(void);
void shim_decoder_free(shim_decoder *decoder);
const char *shim_decoder_why(const shim_decoder *decoder);

/* Checks that a decoder would start on it: its tables are there and sound, its components right. Decodes nothing. */
int shim_check(shim_decoder *decoder, const uint8_t *jpeg, size_t size);

/* Decodes a part, in rows of `stride` bytes that begin at pixel `*left` of the frame: at x, or up to SHIM_LEFT_SLACK
 * pixels before it. `stride` has room for those and the part. */
enum { SHIM_LEFT_SLACK = 32 };
int shim_decode_part(shim_decoder *decoder, const uint8_t *jpeg, size_t size, const shim_part *part,
                     uint8_t *pixels, size_t stride, uint32_t *left);

/* Decodes a whole YCbCr 4:2:0 JPEG of this size into its own planes, one after the other: Y in rows of `stride` bytes (at
 * least the width, rounded up to 16), the height rounded up to 16 rows; U and V with half of both. Returns
 * SHIM_UNSUITABLE, with nothing written, for a JPEG of another kind or size. */
int shim_decode_planes(shim_decoder *decoder, const uint8_t *jpeg, size_t size, uint32_t width, uint32_t height,
                       uint8_t *planes, size_t stride);

#endif
