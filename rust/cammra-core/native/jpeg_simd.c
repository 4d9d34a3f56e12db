/* The instructions that libjpeg-turbo uses on this processor: see jpeg_shim.h for the contract.
 *
 * Asks the functions by which libjpeg-turbo itself decides (simd/jsimd.c of 3.x). They are not in its headers, but they
 * are linked; a library without SIMD lacks them, so a slow build fails here. */
#include <stdlib.h>
#include <string.h>

#include "jpeg_shim.h"

extern int jsimd_can_fdct_islow(void);

#if defined(__x86_64__) || defined(__i386__)
extern unsigned int jpeg_simd_cpu_support(void);
enum { AVX2 = 0x80 };

static const char *best(void) {
  const char *only_sse2 = getenv("JSIMD_FORCESSE2");
  if (only_sse2 && !strcmp(only_sse2, "1")) return "sse2";
  return jpeg_simd_cpu_support() & AVX2 ? "avx2" : "sse2";
}
#else
static const char *best(void) { return "neon"; }
#endif

const char *shim_simd(void) { return jsimd_can_fdct_islow() ? best() : "none"; }
