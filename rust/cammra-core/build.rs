//! Compiles the C shim against the libjpeg-turbo that `turbojpeg-sys` has just built.
//!
//! `turbojpeg-sys` stops the build when it cannot have SIMD (feature `require-simd`).

fn main() {
    println!("cargo:rerun-if-changed=native");
    let mut shim = cc::Build::new();
    shim.files([
        "native/jpeg_encode.c",
        "native/jpeg_decode.c",
        "native/jpeg_simd.c",
    ])
    .warnings(true)
    .extra_warnings(true);
    // Set by `turbojpeg-sys`: paths with commas between, as in `libz-sys`.
    if let Ok(paths) = std::env::var("DEP_TURBOJPEG_INCLUDE") {
        shim.includes(paths.split(','));
    }
    shim.compile("cammra_jpeg_shim");
}
