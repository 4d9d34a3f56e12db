/* The one named floor: libjpeg-turbo at its best in plain C.
 *
 * libjpeg's own interface instead of TurboJPEG's, since that sets quantisation and Huffman tables up for each image: here
 * they are set up when the quality changes, and kept. Rows are read where they lie; chroma is taken apart a band of
 * sixteen rows at a time, in a scratch buffer that stays in the nearest cache. The output goes to memory of the caller's.
 * The bytes are those of the TurboJPEG interface (tests/house/test_floor.py). What libjpeg refuses ends the process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

enum { BAND = 16, WIDEST = 8192 };

/* One encoder for each kind of input, so that changing between them sets nothing up. */
struct kept {
  struct jpeg_compress_struct encoder;
  struct jpeg_error_mgr errors;
  struct jpeg_destination_mgr to;
  int quality;
};

static struct kept kept_planar, kept_packed;

static void kept_begin(j_compress_ptr encoder) { (void)encoder; }

static boolean kept_no_more(j_compress_ptr encoder) {
  (void)encoder;
  return FALSE;
}

static j_compress_ptr kept_ready(struct kept *kept, J_COLOR_SPACE from, int quality, int width, int height,
                                 unsigned char *to, size_t room) {
  j_compress_ptr encoder = &kept->encoder;
  if (!kept->quality) {
    encoder->err = jpeg_std_error(&kept->errors);
    jpeg_create_compress(encoder);
    kept->to.init_destination = kept_begin;
    kept->to.empty_output_buffer = kept_no_more;
    kept->to.term_destination = kept_begin;
    encoder->dest = &kept->to;
  }
  if (kept->quality != quality) {
    encoder->in_color_space = from;
    encoder->input_components = 3;
    jpeg_set_defaults(encoder);
    jpeg_set_quality(encoder, quality, TRUE);
    encoder->dct_method = JDCT_ISLOW;
    encoder->raw_data_in = from == JCS_YCbCr;
    kept->quality = quality;
  }
  encoder->image_width = (JDIMENSION)width;
  encoder->image_height = (JDIMENSION)height;
  kept->to.next_output_byte = to;
  kept->to.free_in_buffer = room;
  jpeg_start_compress(encoder, TRUE);
  return encoder;
}

/* A row, filled up with its last sample; where it needs none, the row itself. */
static JSAMPROW kept_row(const unsigned char *from, int width, int padded, unsigned char *scratch) {
  if (padded == width) return (JSAMPROW)from;
  memcpy(scratch, from, (size_t)width);
  memset(scratch + width, from[width - 1], (size_t)(padded - width));
  return scratch;
}

/* Planes to a JPEG; `v` is NULL where `u` has both in turn. Width and height are even. Returns its length. */
static size_t kept_planes(const unsigned char *y, const unsigned char *u, const unsigned char *v, int pitch,
                          int chroma_pitch, int width, int height, int quality, unsigned char *to, size_t room) {
  static unsigned char luma[BAND][WIDEST], blue[BAND / 2][WIDEST / 2], red[BAND / 2][WIDEST / 2];
  j_compress_ptr encoder = kept_ready(&kept_planar, JCS_YCbCr, quality, width, height, to, room);
  int wide = width / 2, padded = (width + 7) & ~7, chroma_padded = (wide + 7) & ~7;
  for (int first = 0; first < height; first += BAND) {
    JSAMPROW y_rows[BAND], u_rows[BAND / 2], v_rows[BAND / 2];
    JSAMPARRAY rows[3] = {y_rows, u_rows, v_rows};
    int last = height - first < BAND ? height - first - 1 : BAND - 1;
    for (int row = 0; row < BAND; row++) {
      int at = row < last ? row : last;
      y_rows[row] = kept_row(y + (size_t)(first + at) * pitch, width, padded, luma[row]);
    }
    for (int row = 0; row < BAND / 2; row++) {
      int at = row < last / 2 ? row : last / 2;
      size_t start = (size_t)(first / 2 + at) * chroma_pitch;
      if (v) {
        u_rows[row] = kept_row(u + start, wide, chroma_padded, blue[row]);
        v_rows[row] = kept_row(v + start, wide, chroma_padded, red[row]);
        continue;
      }
      u_rows[row] = blue[at];
      v_rows[row] = red[at];
      if (at != row) continue;
      const unsigned char *pairs = u + start;
      unsigned char *restrict to_u = blue[row], *restrict to_v = red[row];
      for (int column = 0; column < wide; column++) {
        to_u[column] = pairs[2 * column];
        to_v[column] = pairs[2 * column + 1];
      }
      memset(to_u + wide, to_u[wide - 1], (size_t)(chroma_padded - wide));
      memset(to_v + wide, to_v[wide - 1], (size_t)(chroma_padded - wide));
    }
    jpeg_write_raw_data(encoder, rows, BAND);
  }
  jpeg_finish_compress(encoder);
  return room - kept_planar.to.free_in_buffer;
}

/* RGB to a JPEG; its length. */
static size_t kept_rgb(const unsigned char *pixels, int pitch, int width, int height, int quality, unsigned char *to,
                       size_t room) {
  j_compress_ptr encoder = kept_ready(&kept_packed, JCS_EXT_RGB, quality, width, height, to, room);
  for (int first = 0; first < height; first += BAND) {
    JSAMPROW rows[BAND];
    int count = height - first < BAND ? height - first : BAND;
    for (int row = 0; row < count; row++) rows[row] = (JSAMPROW)(pixels + (size_t)(first + row) * pitch);
    jpeg_write_scanlines(encoder, rows, (JDIMENSION)count);
  }
  jpeg_finish_compress(encoder);
  return room - kept_packed.to.free_in_buffer;
}
