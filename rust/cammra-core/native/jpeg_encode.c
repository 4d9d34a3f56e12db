/* Encoding: see jpeg_shim.h for the contract. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "jpeg_shim.h"

/* First size of the output buffer, and the size above which the next image starts with a new one. */
enum { FIRST_BYTES = 64 << 10, KEPT_BYTES = 2 << 20, ROWS_AT_ONCE = 32, MAX_BAND_ROWS = 16 };

struct shim_encoder {
  struct jpeg_compress_struct c;
  struct jpeg_error_mgr errors;
  struct jpeg_destination_mgr destination;
  jmp_buf caught;
  char why[JMSG_LENGTH_MAX];
  uint8_t *out;
  size_t capacity, size;
  shim_encoding set_up; /* what `c` is configured for; quality 0: nothing yet */
};

static void fail(j_common_ptr c) {
  shim_encoder *encoder = c->client_data;
  (*c->err->format_message)(c, encoder->why);
  longjmp(encoder->caught, 1);
}

static void stay_silent(j_common_ptr c) { (void)c; }

static void out_begin(j_compress_ptr c) {
  shim_encoder *encoder = c->client_data;
  if (encoder->capacity > KEPT_BYTES || !encoder->out) {
    free(encoder->out);
    encoder->capacity = 0;
    encoder->out = malloc(FIRST_BYTES);
    if (!encoder->out) ERREXIT1(c, JERR_OUT_OF_MEMORY, 1);
    encoder->capacity = FIRST_BYTES;
  }
  c->dest->next_output_byte = encoder->out;
  c->dest->free_in_buffer = encoder->capacity;
}

static boolean out_full(j_compress_ptr c) {
  shim_encoder *encoder = c->client_data;
  size_t grown = encoder->capacity * 2;
  uint8_t *out = realloc(encoder->out, grown);
  if (!out) ERREXIT1(c, JERR_OUT_OF_MEMORY, 2);
  /* libjpeg calls this only when every byte is taken, whatever `free_in_buffer` says by then. */
  c->dest->next_output_byte = out + encoder->capacity;
  c->dest->free_in_buffer = grown - encoder->capacity;
  encoder->out = out;
  encoder->capacity = grown;
  return TRUE;
}

static void out_end(j_compress_ptr c) {
  shim_encoder *encoder = c->client_data;
  encoder->size = encoder->capacity - c->dest->free_in_buffer;
}

static int create(shim_encoder *encoder) {
  encoder->c.err = jpeg_std_error(&encoder->errors);
  encoder->errors.error_exit = fail;
  encoder->errors.output_message = stay_silent;
  encoder->c.client_data = encoder;
  if (setjmp(encoder->caught)) return SHIM_FAILED;
  jpeg_create_compress(&encoder->c);
  encoder->destination.init_destination = out_begin;
  encoder->destination.empty_output_buffer = out_full;
  encoder->destination.term_destination = out_end;
  encoder->c.dest = &encoder->destination;
  return SHIM_OK;
}

shim_encoder *shim_encoder_new(void) {
  shim_encoder *encoder = calloc(1, sizeof *encoder);
  if (encoder && create(encoder)) {
    shim_encoder_free(encoder);
    return NULL;
  }
  return encoder;
}

void shim_encoder_free(shim_encoder *encoder) {
  jpeg_destroy_compress(&encoder->c);
  free(encoder->out);
  free(encoder);
}

const char *shim_encoder_why(const shim_encoder *encoder) { return encoder->why; }

const uint8_t *shim_encoded(const shim_encoder *encoder, size_t *size) {
  *size = encoder->size;
  return encoder->out;
}

/* Sets up tables and components, a fifth of a plate's cost, only when more than the size has changed. */
static void configure(shim_encoder *encoder, const shim_encoding *how) {
  static const J_COLOR_SPACE spaces[] = {JCS_EXT_RGB, JCS_EXT_BGR, JCS_GRAYSCALE, JCS_YCbCr};
  struct jpeg_compress_struct *c = &encoder->c;
  shim_encoding *set_up = &encoder->set_up;
  c->image_width = how->width;
  c->image_height = how->height;
  if (set_up->space == how->space && set_up->quality == how->quality && set_up->h_factor == how->h_factor &&
      set_up->v_factor == how->v_factor)
    return;
  set_up->quality = 0; /* until all is done */
  c->in_color_space = spaces[how->space];
  c->input_components = how->space == SHIM_GRAY ? 1 : 3;
  jpeg_set_defaults(c);
  jpeg_set_quality(c, how->quality, TRUE);
  c->dct_method = JDCT_ISLOW;
  c->raw_data_in = how->space == SHIM_YCC;
  c->comp_info[0].h_samp_factor = how->space == SHIM_GRAY ? 1 : how->h_factor;
  c->comp_info[0].v_samp_factor = how->space == SHIM_GRAY ? 1 : how->v_factor;
  *set_up = *how;
}

static int aborted(shim_encoder *encoder) {
  jpeg_abort_compress(&encoder->c);
  encoder->set_up.quality = 0;
  encoder->size = 0;
  return SHIM_FAILED;
}

int shim_encode_packed(shim_encoder *encoder, const shim_encoding *how, const uint8_t *pixels, size_t stride) {
  struct jpeg_compress_struct *c = &encoder->c;
  if (setjmp(encoder->caught)) return aborted(encoder);
  configure(encoder, how);
  jpeg_start_compress(c, TRUE);
  while (c->next_scanline < c->image_height) {
    JSAMPROW rows[ROWS_AT_ONCE];
    JDIMENSION left = c->image_height - c->next_scanline, n = left < ROWS_AT_ONCE ? left : ROWS_AT_ONCE;
    for (JDIMENSION i = 0; i < n; i++) rows[i] = (JSAMPROW)(pixels + (size_t)(c->next_scanline + i) * stride);
    jpeg_write_scanlines(c, rows, n);
  }
  jpeg_finish_compress(c);
  return SHIM_OK;
}

int shim_planes_begin(shim_encoder *encoder, const shim_encoding *how) {
  if (setjmp(encoder->caught)) return aborted(encoder);
  configure(encoder, how);
  jpeg_start_compress(&encoder->c, TRUE);
  return SHIM_OK;
}

int shim_planes_band(shim_encoder *encoder, const shim_band bands[3]) {
  JSAMPROW rows[3][MAX_BAND_ROWS];
  JSAMPARRAY planes[3] = {rows[0], rows[1], rows[2]};
  struct jpeg_compress_struct *c = &encoder->c;
  if (setjmp(encoder->caught)) return aborted(encoder);
  for (int i = 0; i < 3; i++)
    for (uint32_t row = 0; row < MAX_BAND_ROWS; row++) {
      uint32_t real = row < bands[i].rows ? row : bands[i].rows - 1;
      rows[i][row] = (JSAMPROW)(bands[i].samples + (size_t)real * bands[i].stride);
    }
  jpeg_write_raw_data(c, planes, (JDIMENSION)(8 * encoder->set_up.v_factor));
  return SHIM_OK;
}

int shim_planes_finish(shim_encoder *encoder) {
  if (setjmp(encoder->caught)) return aborted(encoder);
  jpeg_finish_compress(&encoder->c);
  return SHIM_OK;
}
