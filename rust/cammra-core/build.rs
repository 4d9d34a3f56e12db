//! Compiles the C shim against the libjpeg-turbo that `turbojpeg-sys` has just built.

fn main() {
    println!("cargo:rerun-if-changed=native");
}
