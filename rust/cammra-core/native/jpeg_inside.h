/* What the shim's own files share. */
#ifndef CAMMRA_JPEG_INSIDE_H
#define CAMMRA_JPEG_INSIDE_H

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include "jpeg_shim.h"

struct shim_encoder {
  struct jpeg_compress_struct c;
  struct jpeg_error_mgr errors;
  struct jpeg_destination_mgr destination;
  jmp_buf caught;
  char why[JMSG_LENGTH_MAX];
  uint8_t *out;
  size_t capacity, made;
  shim_encoding set_up; /* what `c` was last configured for; quality 0: nothing yet */
};

struct shim_decoder {
  struct jpeg_decompress_struct d;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf caught;
  char why[JMSG_LENGTH_MAX];
};

/* Back to idle after a caught failure; return SHIM_FAILED. */
int shim_encoder_aborted(shim_encoder *encoder);
int shim_decoder_aborted(shim_decoder *decoder);

/* Reads a frame's header; the caller destroys `d` when it is done. */
void shim_decoder_open(shim_decoder *decoder, const uint8_t *jpeg, size_t size);

#endif
