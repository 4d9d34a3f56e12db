/* The floor of one event: what plain C over the same libjpeg-turbo needs, with nothing around it.
 *
 * The JPEGs of vehicle and plate are encoded straight from the caller's strided frame into the body, between
 * headers and JSON that are ready; handle, chroma scratch and body are kept between calls.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

#define BODY_BYTES (8 << 20)
#define SCRATCH_BYTES (8 << 20)
#define BOUNDARY "--------------------------0123456789abcdef0123456789abcdef"

static tjhandle handle;
static unsigned char *body, *scratch;

static int ready(int quality) {
  if (!handle) {
    handle = tj3Init(TJINIT_COMPRESS);
    body = malloc(BODY_BYTES);
    scratch = malloc(SCRATCH_BYTES);
    if (!handle || !body || !scratch) return 0;
    memset(body, 1, BODY_BYTES);
    memset(scratch, 1, SCRATCH_BYTES);
    tj3Set(handle, TJPARAM_SUBSAMP, TJSAMP_420);
    tj3Set(handle, TJPARAM_NOREALLOC, 1);
  }
  tj3Set(handle, TJPARAM_QUALITY, quality);
  return 1;
}

static unsigned char *part(unsigned char *at, const char *name, const char *file, const char *type) {
  return at + sprintf((char *)at,
                      "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\n"
                      "Content-Type: %s\r\n\r\n",
                      name, file, type);
}

static unsigned char *text(unsigned char *at, const char *what) {
  size_t length = strlen(what);
  memcpy(at, what, length);
  return at + length;
}

static unsigned char *rgb_jpeg(unsigned char *at, const unsigned char *frame, int stride, const int *box) {
  size_t room = (size_t)(BODY_BYTES - (at - body));
  const unsigned char *from = frame + (size_t)box[1] * stride + (size_t)box[0] * 3;
  if (tj3Compress8(handle, from, box[2], stride, box[3], TJPF_RGB, &at, &room)) return NULL;
  return at + room;
}

static unsigned char *nv12_jpeg(unsigned char *at, const unsigned char *y, const unsigned char *uv, int stride,
                                const int *box) {
  int wide = box[2] / 2, high = box[3] / 2;
  unsigned char *u = scratch, *v = scratch + (size_t)wide * high;
  for (int row = 0; row < high; row++) {
    const unsigned char *from = uv + (size_t)(box[1] / 2 + row) * stride + box[0];
    unsigned char *restrict to_u = u + (size_t)row * wide, *restrict to_v = v + (size_t)row * wide;
    for (int column = 0; column < wide; column++) {
      to_u[column] = from[2 * column];
      to_v[column] = from[2 * column + 1];
    }
  }
  const unsigned char *planes[3] = {y + (size_t)box[1] * stride + box[0], u, v};
  int strides[3] = {stride, wide, wide};
  size_t room = (size_t)(BODY_BYTES - (at - body));
  if (tj3CompressFromYUVPlanes8(handle, planes, box[2], strides, box[3], &at, &room)) return NULL;
  return at + room;
}

/* The body's length; 0 when libjpeg-turbo refuses. `uv` is NULL for an RGB frame. */
long floor_event(const unsigned char *frame, const unsigned char *uv, int stride, const int *vehicle,
                 const int *plate, int quality, const char *json, long json_bytes) {
  if (!ready(quality)) return 0;
  unsigned char *at = part(body, "event", "20231211142705_507_HWR6677_2117397.json", "application/json");
  memcpy(at, json, (size_t)json_bytes);
  at = text(at + json_bytes, "\r\n");
  at = part(at, "image", "20231211142705_954662roi_MWR6677_2117394.jpg", "image/jpeg");
  at = uv ? nv12_jpeg(at, frame, uv, stride, vehicle) : rgb_jpeg(at, frame, stride, vehicle);
  if (!at) return 0;
  at = part(text(at, "\r\n"), "image2", "20231211142705_954662lpup_MWR6677_2117394.jpg", "image/jpeg");
  at = uv ? nv12_jpeg(at, frame, uv, stride, plate) : rgb_jpeg(at, frame, stride, plate);
  if (!at) return 0;
  at = text(at, "\r\n--" BOUNDARY "--\r\n");
  return (long)(at - body);
}

/* What keeping the pixels of one NV12 crop costs at the least. */
long floor_copy_nv12(const unsigned char *y, const unsigned char *uv, int stride, const int *box) {
  if (!ready(85)) return 0;
  unsigned char *to = scratch;
  for (int row = 0; row < box[3]; row++, to += box[2])
    memcpy(to, y + (size_t)(box[1] + row) * stride + box[0], (size_t)box[2]);
  for (int row = 0; row < box[3] / 2; row++, to += box[2])
    memcpy(to, uv + (size_t)(box[1] / 2 + row) * stride + box[0], (size_t)box[2]);
  return (long)(to - scratch);
}

/* How the same bytes are copied as one piece, for bars that are told in copies. */
long floor_copy(long bytes) {
  if (!ready(85) || bytes > SCRATCH_BYTES || bytes > BODY_BYTES) return 0;
  memcpy(body, scratch, (size_t)bytes);
  __asm__ volatile("" ::"r"(body) : "memory");
  return bytes;
}
