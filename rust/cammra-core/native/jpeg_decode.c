/* Decoding and lossless cropping: see jpeg_shim.h for the contract. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>
#include <turbojpeg.h>

#include "jpeg_shim.h"

/* A progressive frame of more scans than this only wants to burn time. */
enum { MAX_SCANS = 64, ROWS_AT_ONCE = 16, MAX_VIRTUAL_BYTES = 256 << 20, MAX_VIRTUAL_MEGABYTES = 256 };

struct shim_decoder {
  struct jpeg_decompress_struct d;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf caught;
  char why[JMSG_LENGTH_MAX];
  tjhandle transformer; /* made on first use */
  uint8_t *cropped;
  size_t cropped_capacity;
};

static void fail(j_common_ptr d) {
  shim_decoder *decoder = d->client_data;
  (*d->err->format_message)(d, decoder->why);
  longjmp(decoder->caught, 1);
}

static void stay_silent(j_common_ptr d) { (void)d; }

/* Damage that shows in the picture is an error; harmless oddities of a camera are not. */
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

static int create(shim_decoder *decoder) {
  decoder->d.err = jpeg_std_error(&decoder->errors);
  decoder->errors.error_exit = fail;
  decoder->errors.emit_message = judge;
  decoder->errors.output_message = stay_silent;
  decoder->d.client_data = decoder;
  if (setjmp(decoder->caught)) return SHIM_FAILED;
  jpeg_create_decompress(&decoder->d);
  decoder->d.mem->max_memory_to_use = MAX_VIRTUAL_BYTES;
  decoder->progress.progress_monitor = count_scans;
  decoder->d.progress = &decoder->progress;
  return SHIM_OK;
}

shim_decoder *shim_decoder_new(void) {
  shim_decoder *decoder = calloc(1, sizeof *decoder);
  if (decoder && create(decoder)) {
    shim_decoder_free(decoder);
    return NULL;
  }
  return decoder;
}

void shim_decoder_free(shim_decoder *decoder) {
  jpeg_destroy_decompress(&decoder->d);
  tj3Destroy(decoder->transformer);
  tj3Free(decoder->cropped);
  free(decoder);
}

const char *shim_decoder_why(const shim_decoder *decoder) { return decoder->why; }

static int aborted(shim_decoder *decoder) {
  jpeg_abort_decompress(&decoder->d);
  return SHIM_FAILED;
}

static void open_scaled(struct jpeg_decompress_struct *d, const uint8_t *jpeg, size_t size, int32_t scale_eighths) {
  jpeg_mem_src(d, jpeg, (unsigned long)size);
  jpeg_read_header(d, TRUE);
  d->scale_num = (unsigned int)scale_eighths;
  d->scale_denom = 8;
}

int shim_decode_part(shim_decoder *decoder, const uint8_t *jpeg, size_t size, const shim_part *part,
                     uint8_t *pixels, size_t stride, uint32_t *left) {
  struct jpeg_decompress_struct *d = &decoder->d;
  if (setjmp(decoder->caught)) return aborted(decoder);
  open_scaled(d, jpeg, size, part->scale_eighths);
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
  jpeg_abort_decompress(d);
  return SHIM_OK;
}

static int transform_failed(shim_decoder *decoder) {
  snprintf(decoder->why, sizeof decoder->why, "%s", tj3GetErrorStr(decoder->transformer));
  return SHIM_FAILED;
}

int shim_lossless_crop(shim_decoder *decoder, const uint8_t *jpeg, size_t size, uint32_t x, uint32_t y,
                       uint32_t width, uint32_t height, const uint8_t **cropped, size_t *cropped_size) {
  tjtransform how = {.r = {(int)x, (int)y, (int)width, (int)height},
                     .op = TJXOP_NONE,
                     .options = TJXOPT_CROP | TJXOPT_COPYNONE | TJXOPT_PERFECT};
  if (!decoder->transformer) {
    decoder->transformer = tj3Init(TJINIT_TRANSFORM);
    if (!decoder->transformer || tj3Set(decoder->transformer, TJPARAM_STOPONWARNING, 1) ||
        tj3Set(decoder->transformer, TJPARAM_SCANLIMIT, MAX_SCANS) ||
        tj3Set(decoder->transformer, TJPARAM_MAXMEMORY, MAX_VIRTUAL_MEGABYTES))
      return transform_failed(decoder);
  }
  size_t made = decoder->cropped_capacity;
  int failed = tj3Transform(decoder->transformer, jpeg, size, 1, &decoder->cropped, &made, &how);
  if (made > decoder->cropped_capacity) decoder->cropped_capacity = made;
  if (failed) return transform_failed(decoder);
  *cropped = decoder->cropped;
  *cropped_size = made;
  return SHIM_OK;
}
