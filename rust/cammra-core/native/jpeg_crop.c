/* Lossless cropping: see jpeg_shim.h for the contract. */
#include <string.h>

#include <jerror.h>

#include "jpeg_inside.h"

/* Room for the blocks of a crop; the encoder's memory manager frees it with the image. */
static jvirt_barray_ptr *blocks_for(struct jpeg_compress_struct *c, int max_h, int max_v) {
  j_common_ptr common = (j_common_ptr)c;
  jvirt_barray_ptr *blocks = (*c->mem->alloc_small)(common, JPOOL_IMAGE, sizeof *blocks * MAX_COMPONENTS);
  for (int i = 0; i < c->num_components; i++) {
    JDIMENSION h = (JDIMENSION)c->comp_info[i].h_samp_factor, v = (JDIMENSION)c->comp_info[i].v_samp_factor;
    JDIMENSION across = 8 * (JDIMENSION)max_h, down = 8 * (JDIMENSION)max_v;
    /* Whole iMCUs. */
    JDIMENSION width = (c->image_width + across - 1) / across * h, height = (c->image_height + down - 1) / down * v;
    blocks[i] = (*c->mem->request_virt_barray)(common, JPOOL_IMAGE, FALSE, width, height, v);
  }
  return blocks;
}

static void copy_blocks(struct jpeg_decompress_struct *d, struct jpeg_compress_struct *c, jvirt_barray_ptr *from,
                        jvirt_barray_ptr *to, uint32_t x, uint32_t y) {
  for (int i = 0; i < c->num_components; i++) {
    const jpeg_component_info *made = &c->comp_info[i];
    JDIMENSION v = (JDIMENSION)made->v_samp_factor;
    JDIMENSION left = x / (8 * (JDIMENSION)d->max_h_samp_factor) * (JDIMENSION)made->h_samp_factor;
    JDIMENSION top = y / (8 * (JDIMENSION)d->max_v_samp_factor) * v;
    for (JDIMENSION row = 0; row < made->height_in_blocks; row += v) {
      JBLOCKARRAY source = (*d->mem->access_virt_barray)((j_common_ptr)d, from[i], top + row, v, FALSE);
      JBLOCKARRAY target = (*c->mem->access_virt_barray)((j_common_ptr)c, to[i], row, v, TRUE);
      for (JDIMENSION k = 0; k < v; k++)
        memcpy(target[k], source[k] + left, made->width_in_blocks * sizeof(JBLOCK));
    }
  }
}

int shim_lossless_crop(shim_decoder *decoder, shim_encoder *encoder, const uint8_t *jpeg, size_t size, uint32_t x,
                       uint32_t y, uint32_t width, uint32_t height) {
  struct jpeg_decompress_struct *d = &decoder->d;
  struct jpeg_compress_struct *c = &encoder->c;
  if (setjmp(encoder->caught)) {
    memcpy(decoder->why, encoder->why, sizeof decoder->why);
    shim_encoder_aborted(encoder);
    return shim_decoder_aborted(decoder);
  }
  if (setjmp(decoder->caught)) {
    shim_encoder_aborted(encoder);
    return shim_decoder_aborted(decoder);
  }
  encoder->set_up.quality = 0; /* the next image configures anew: tables are the frame's now */
  shim_decoder_open(decoder, jpeg, size);
  jvirt_barray_ptr *whole = jpeg_read_coefficients(d);
  if (x + width > d->image_width || y + height > d->image_height) ERREXIT(d, JERR_BAD_CROP_SPEC);
  if (x % (8 * (uint32_t)d->max_h_samp_factor) || y % (8 * (uint32_t)d->max_v_samp_factor))
    ERREXIT(d, JERR_BAD_CROP_SPEC);
  jpeg_copy_critical_parameters(d, c);
  c->image_width = width;
  c->image_height = height;
  jvirt_barray_ptr *part = blocks_for(c, d->max_h_samp_factor, d->max_v_samp_factor);
  jpeg_write_coefficients(c, part);
  copy_blocks(d, c, whole, part, x, y);
  jpeg_finish_compress(c);
  jpeg_destroy_decompress(d);
  return SHIM_OK;
}
