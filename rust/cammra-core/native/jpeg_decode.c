/* Decoding: see jpeg_shim.h for the contract. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "jpeg_shim.h"

/* A progressive frame with more scans is there only to waste time. */
enum { MAX_SCANS = 64, ROWS_AT_ONCE = 16, MAX_VIRTUAL_BYTES = 256 << 20, MCU_ROWS = 16 };

struct shim_decoder {
  struct jpeg_decompress_struct d;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf caught;
  char why[JMSG_LENGTH_MAX];
};

static void fail(j_common_ptr d) {
  shim_decoder *decoder = d->client_data;
  (*d->err->format_message)(d, decoder->why);
  longjmp(decoder->caught, 1);
}

static void stay_silent(j_common_ptr d) { (void)d; }

/* Damage that shows in the picture is an error; a camera's harmless oddities are not. */
static void judge(j_common_ptr d, int level) {
  if (level >= 0) return;
  switch (d->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_JPEG_EOF:
    case JWRN_MUST_RESYNC:
    case JWRN_BOGUS_PROGRESSION:
    case JWRN_ARITH_BAD_CODE:
      fail(d);
  }
}

static void count_scans(j_common_ptr d) {
  if (((j_decompress_ptr)d)->input_scan_number > MAX_SCANS) ERREXIT(d, JERR_BAD_PROGRESSION);
}

shim_decoder *shim_decoder_new(void) { return calloc(1, sizeof(shim_decoder)); }

void shim_decoder_free(shim_decoder *decoder) { free(decoder); }

const char *shim_decoder_why(const shim_decoder *decoder) { return decoder->why; }

static int aborted(shim_decoder *decoder) {
  jpeg_destroy_decompress(&decoder->d);
  return SHIM_FAILED;
}

/* libjpeg's own object lives for one frame: kept, it would lend the next frame the Huffman and quantisation tables that
 * it lacks, and (libjpeg-turbo 3.1.0, read_and_discard_scanlines) use a freed colour converter. */
static void open_frame(shim_decoder *decoder, const uint8_t *jpeg, size_t size) {
  struct jpeg_decompress_struct *d = &decoder->d;
  d->err = jpeg_std_error(&decoder->errors);
  decoder->errors.error_exit = fail;
  decoder->errors.emit_message = judge;
  decoder->errors.output_message = stay_silent;
  d->client_data = decoder;
  d->mem = NULL; /* before it is created there is nothing to destroy */
  jpeg_create_decompress(d);
  d->mem->max_memory_to_use = MAX_VIRTUAL_BYTES;
  decoder->progress.progress_monitor = count_scans;
  d->progress = &decoder->progress;
  jpeg_mem_src(d, jpeg, (unsigned long)size);
  jpeg_read_header(d, TRUE);
}

int shim_check(shim_decoder *decoder, const uint8_t *jpeg, size_t size) {
  if (setjmp(decoder->caught)) return aborted(decoder);
  open_frame(decoder, jpeg, size);
  jpeg_start_decompress(&decoder->d);
  jpeg_destroy_decompress(&decoder->d);
  return SHIM_OK;
}

int shim_decode_part(shim_decoder *decoder, const uint8_t *jpeg, size_t size, const shim_part *part,
                     uint8_t *pixels, size_t stride, uint32_t *left) {
  struct jpeg_decompress_struct *d = &decoder->d;
  if (setjmp(decoder->caught)) return aborted(decoder);
  open_frame(decoder, jpeg, size);
  d->scale_num = (unsigned int)part->scale_eighths;
  d->scale_denom = 8;
  d->out_color_space = part->gray ? JCS_GRAYSCALE : JCS_RGB;
  d->dct_method = JDCT_ISLOW;
  d->do_fancy_upsampling = part->smooth_chroma != 0;
  jpeg_start_decompress(d);
  JDIMENSION from = part->x, width = part->width, end = part->y + part->height;
  if (end > d->output_height || from + width > d->output_width) ERREXIT(d, JERR_BAD_CROP_SPEC);
  jpeg_crop_scanline(d, &from, &width);
  if ((size_t)width * (size_t)d->output_components > stride) ERREXIT(d, JERR_BAD_CROP_SPEC);
  if (part->y) jpeg_skip_scanlines(d, part->y);
  while (d->output_scanline < end) {
    JSAMPROW rows[ROWS_AT_ONCE];
    JDIMENSION todo = end - d->output_scanline, n = todo < ROWS_AT_ONCE ? todo : ROWS_AT_ONCE;
    for (JDIMENSION i = 0; i < n; i++) rows[i] = pixels + (size_t)(d->output_scanline - part->y + i) * stride;
    if (jpeg_read_scanlines(d, rows, n) == 0) ERREXIT(d, JERR_INPUT_EOF);
  }
  *left = from;
  jpeg_destroy_decompress(d);
  return SHIM_OK;
}

static int is_ycc_420(const struct jpeg_decompress_struct *d) {
  if (d->jpeg_color_space != JCS_YCbCr || d->num_components != 3) return 0;
  for (int i = 0; i < 3; i++) {
    int luma_samples = i == 0 ? 2 : 1;
    if (d->comp_info[i].h_samp_factor != luma_samples || d->comp_info[i].v_samp_factor != luma_samples) return 0;
  }
  return 1;
}

int shim_decode_planes(shim_decoder *decoder, const uint8_t *jpeg, size_t size, uint32_t width, uint32_t height,
                       uint8_t *planes, size_t stride) {
  struct jpeg_decompress_struct *d = &decoder->d;
  if (setjmp(decoder->caught)) return aborted(decoder);
  open_frame(decoder, jpeg, size);
  if (!is_ycc_420(d) || d->image_width != width || d->image_height != height) {
    jpeg_destroy_decompress(d);
    return SHIM_UNSUITABLE;
  }
  d->out_color_space = JCS_YCbCr;
  d->raw_data_out = TRUE;
  d->dct_method = JDCT_ISLOW;
  jpeg_start_decompress(d);
  size_t luma_rows = ((size_t)height + MCU_ROWS - 1) / MCU_ROWS * MCU_ROWS;
  uint8_t *u = planes + stride * luma_rows, *v = u + stride / 2 * (luma_rows / 2);
  while (d->output_scanline < d->output_height) {
    JSAMPROW y_rows[MCU_ROWS], u_rows[MCU_ROWS / 2], v_rows[MCU_ROWS / 2];
    JSAMPARRAY rows[3] = {y_rows, u_rows, v_rows};
    size_t from = d->output_scanline;
    for (size_t i = 0; i < MCU_ROWS; i++) y_rows[i] = planes + (from + i) * stride;
    for (size_t i = 0; i < MCU_ROWS / 2; i++) {
      u_rows[i] = u + (from / 2 + i) * (stride / 2);
      v_rows[i] = v + (from / 2 + i) * (stride / 2);
    }
    if (jpeg_read_raw_data(d, rows, MCU_ROWS) == 0) ERREXIT(d, JERR_INPUT_EOF);
  }
  jpeg_destroy_decompress(d);
  return SHIM_OK;
}
