/* The floor of one event: what plain C over the same libjpeg-turbo needs, with nothing around it.
 *
 * The JPEGs of vehicle and plate are encoded straight from the caller's strided frame into the body, between
 * headers and JSON that are ready; encoder, its tables and body are kept between calls (kept.h).
 */
#include "kept.h"

#define BODY_BYTES (8 << 20)
#define SCRATCH_BYTES (8 << 20)
#define BOUNDARY "--------------------------0123456789abcdef0123456789abcdef"

static unsigned char *body, *scratch;

static int ready(void) {
  if (!body) {
    body = malloc(BODY_BYTES);
    scratch = malloc(SCRATCH_BYTES);
    if (!body || !scratch) return 0;
    memset(body, 1, BODY_BYTES);
    memset(scratch, 1, SCRATCH_BYTES);
  }
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

static unsigned char *jpeg(unsigned char *at, const unsigned char *frame, const unsigned char *uv, int stride,
                           const int *box, int quality) {
  size_t room = (size_t)(BODY_BYTES - (at - body));
  const unsigned char *rows = frame + (size_t)box[1] * stride;
  if (!uv) return at + kept_rgb(rows + (size_t)box[0] * 3, stride, box[2], box[3], quality, at, room);
  const unsigned char *pairs = uv + (size_t)(box[1] / 2) * stride + box[0];
  return at + kept_planes(rows + box[0], pairs, NULL, stride, stride, box[2], box[3], quality, at, room);
}

/* The body's length; 0 without memory. `uv` is NULL for an RGB frame. */
long floor_event(const unsigned char *frame, const unsigned char *uv, int stride, const int *vehicle,
                 const int *plate, int quality, const char *json, long json_bytes) {
  if (!ready()) return 0;
  unsigned char *at = part(body, "event", "20231211142705_507_HWR6677_2117397.json", "application/json");
  memcpy(at, json, (size_t)json_bytes);
  at = text(at + json_bytes, "\r\n");
  at = part(at, "image", "20231211142705_954662roi_MWR6677_2117394.jpg", "image/jpeg");
  at = jpeg(at, frame, uv, stride, vehicle, quality);
  at = part(text(at, "\r\n"), "image2", "20231211142705_954662lpup_MWR6677_2117394.jpg", "image/jpeg");
  at = jpeg(at, frame, uv, stride, plate, quality);
  at = text(at, "\r\n--" BOUNDARY "--\r\n");
  return (long)(at - body);
}

/* What keeping the pixels of one NV12 crop costs at the least. */
long floor_copy_nv12(const unsigned char *y, const unsigned char *uv, int stride, const int *box) {
  if (!ready()) return 0;
  unsigned char *to = scratch;
  for (int row = 0; row < box[3]; row++, to += box[2])
    memcpy(to, y + (size_t)(box[1] + row) * stride + box[0], (size_t)box[2]);
  for (int row = 0; row < box[3] / 2; row++, to += box[2])
    memcpy(to, uv + (size_t)(box[1] / 2 + row) * stride + box[0], (size_t)box[2]);
  return (long)(to - scratch);
}

/* How the same bytes are copied as one piece, for bars that are told in copies. */
long floor_copy(long bytes) {
  if (!ready() || bytes > SCRATCH_BYTES || bytes > BODY_BYTES) return 0;
  memcpy(body, scratch, (size_t)bytes);
  __asm__ volatile("" ::"r"(body) : "memory");
  return bytes;
}
