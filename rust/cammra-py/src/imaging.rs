//! The imaging door. The interpreter is free while pixels are read, decoded or encoded.

use std::sync::Arc;

use cammra_core::error::ImageError;
use cammra_core::geometry::{RawBox, Rect, Size};
use cammra_core::jpeg::{self, Coder, Encoding, ImageKind, JpegView, Subsampling};
use cammra_core::shot;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::PyBytes;

use crate::errors::from_image;
use crate::frames::{FrameFormat, with_frame};

/// Adds this door's names to the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(simd_name, module)?)?;
    module.add_function(wrap_pyfunction!(encode_image, module)?)?;
    module.add_class::<Offer>()?;
    module.add_class::<Shot>()
}

/// The JPEG, its width and height, and the box it shows.
type Encoded<'py> = (Bound<'py, PyBytes>, u32, u32, (u32, u32, u32, u32));

/// See `_native.pyi`.
#[pyfunction]
fn simd_name() -> &'static str {
    jpeg::simd_name()
}

/// See `_native.pyi`.
#[pyfunction]
#[pyo3(signature = (frame, frame_format, kind, r#box, quality, subsampling, max_bytes, fit, libjpeg_turbo, /))]
#[expect(
    clippy::too_many_arguments,
    reason = "the stub's signature; `cammra_edge.imaging` groups them"
)]
fn encode_image<'py>(
    py: Python<'py>,
    frame: &Bound<'py, PyAny>,
    frame_format: &str,
    kind: &str,
    r#box: Option<(f64, f64, f64, f64)>,
    quality: Option<i64>,
    subsampling: &str,
    max_bytes: Option<i64>,
    fit: Option<(i64, i64)>,
    libjpeg_turbo: bool,
) -> PyResult<Encoded<'py>> {
    let format = FrameFormat::parse(frame_format)?;
    let kind = parse_kind(kind)?;
    let encoding = parse_encoding(quality, subsampling, max_bytes, fit, libjpeg_turbo)?;
    let crop = r#box.map(raw_box);
    with_frame(frame, format, |view| {
        // From the encoder's buffer straight into a `bytes` object: only for that the interpreter is held.
        let keep = |jpeg: JpegView<'_>| {
            Python::attach(|py| {
                let bytes = PyBytes::new(py, jpeg.bytes).unbind();
                (bytes, jpeg.size, jpeg.shows)
            })
        };
        let (bytes, size, shows) = py
            .detach(|| jpeg::image_from_frame(view, kind, crop, &encoding, keep))
            .map_err(|error| from_image(&error))?;
        Ok(encoded(bytes.into_bound(py), size, shows))
    })
}

/// See `_native.pyi`.
#[pyclass(frozen, module = "cammra_edge._native")]
pub(crate) struct Shot {
    shot: Arc<shot::Shot>,
    #[pyo3(get)]
    shot_no: u64,
}

impl Shot {
    /// A tracker's shot, with its number.
    pub(crate) const fn new(shot: Arc<shot::Shot>, shot_no: u64) -> Self {
        Self { shot, shot_no }
    }
}

#[pymethods]
impl Shot {
    #[getter]
    fn frame_size(&self) -> (u32, u32) {
        let size = self.shot.frame_size();
        (size.width, size.height)
    }

    /// All of them in one crossing: the interpreter is let go once.
    #[pyo3(signature = (specs, *, libjpeg_turbo=false))]
    fn encode<'py>(
        &self,
        py: Python<'py>,
        specs: Vec<Spec>,
        libjpeg_turbo: bool,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let wanted: Vec<_> = specs
            .into_iter()
            .map(|spec| spec.wanted(libjpeg_turbo))
            .collect();
        let made: Vec<_> = py.detach(|| {
            let made = |(kind, encoding)| self.shot.jpeg(kind, &encoding);
            wanted.into_iter().map(|one| one.map(made)).collect()
        });
        let told = |outcome: PyResult<Result<jpeg::Jpeg, ImageError>>| match outcome
            .and_then(|made| made.map_err(|error| from_image(&error)))
        {
            Ok(jpeg) => {
                let bytes = PyBytes::new(py, &jpeg.bytes);
                encoded(bytes, jpeg.size, jpeg.shows).into_bound_py_any(py)
            }
            Err(error) => Ok(error.into_value(py).into_bound(py).into_any()),
        };
        made.into_iter().map(told).collect()
    }

    fn offer(&self, py: Python<'_>, spec: Spec) -> PyResult<Option<Offer>> {
        let (kind, encoding) = spec.wanted(false)?;
        let offer = py.detach(|| self.shot.offer(kind, &encoding));
        Ok(offer.map(|pixels| Offer {
            shot: Arc::clone(&self.shot),
            kind,
            encoding,
            pixels,
        }))
    }
}

/// `model.ImageSpec`.
#[derive(FromPyObject)]
struct Spec {
    kind: PyBackedStr,
    quality: Option<i64>,
    subsampling: PyBackedStr,
    max_bytes: Option<i64>,
    fit: Option<(i64, i64)>,
}

impl Spec {
    fn wanted(self, libjpeg_turbo: bool) -> PyResult<(ImageKind, Encoding)> {
        let (quality, subsampling) = (self.quality, &self.subsampling);
        let encoding = parse_encoding(
            quality,
            subsampling,
            self.max_bytes,
            self.fit,
            libjpeg_turbo,
        )?;
        Ok((parse_kind(&self.kind)?, encoding))
    }
}

/// See `_native.pyi`.
#[pyclass(frozen, module = "cammra_edge._native")]
pub(crate) struct Offer {
    shot: Arc<shot::Shot>,
    kind: ImageKind,
    encoding: Encoding,
    pixels: jpeg::Offer,
}

#[pymethods]
impl Offer {
    fn planes<'py>(&self, py: Python<'py>) -> (Bound<'py, PyBytes>, Bound<'py, PyBytes>, usize) {
        let offer = &self.pixels;
        (
            PyBytes::new(py, &offer.y),
            PyBytes::new(py, &offer.uv),
            offer.stride,
        )
    }

    #[getter]
    const fn size(&self) -> (u32, u32) {
        (self.pixels.size.width, self.pixels.size.height)
    }

    #[getter]
    const fn quality(&self) -> u8 {
        self.pixels.quality
    }

    fn adopt(&self, py: Python<'_>, answer: &[u8]) -> PyResult<bool> {
        py.detach(|| {
            let place = (self.pixels.size, self.pixels.shows);
            self.shot.adopt(self.kind, &self.encoding, place, answer)
        })
        .map_err(|error| from_image(&error))
    }
}

const fn encoded(bytes: Bound<'_, PyBytes>, size: Size, shows: Rect) -> Encoded<'_> {
    let shows = (shows.x, shows.y, shows.width, shows.height);
    (bytes, size.width, size.height, shows)
}

/// A box, as Python hands it in.
pub(crate) const fn raw_box((x, y, width, height): (f64, f64, f64, f64)) -> RawBox {
    RawBox {
        x,
        y,
        width,
        height,
    }
}

/// A value of `model.ImageKind`.
pub(crate) fn parse_kind(word: &str) -> PyResult<ImageKind> {
    Ok(match word {
        "vehicle crop" => ImageKind::VehicleCrop,
        "license plate crop" => ImageKind::PlateCrop,
        "full frame" => ImageKind::FullFrame,
        "downsized frame" => ImageKind::DownsizedFrame,
        other => {
            let want = "vehicle crop, license plate crop, full frame or downsized frame";
            return Err(bad_setting("kind", format!("{other:?}"), want));
        }
    })
}

/// How an image is encoded. The core checks their ranges; this checks only what its types cannot hold.
fn parse_encoding(
    quality: Option<i64>,
    subsampling: &str,
    max_bytes: Option<i64>,
    fit: Option<(i64, i64)>,
    libjpeg_turbo: bool,
) -> PyResult<Encoding> {
    let quality = quality
        .map(|q| u8::try_from(q).map_err(|_| bad_setting("quality", q.to_string(), "1 to 100")))
        .transpose()?;
    let subsampling = match subsampling {
        "4:4:4" => Subsampling::Full,
        "4:2:2" => Subsampling::Half,
        "4:2:0" => Subsampling::Quarter,
        other => {
            return Err(bad_setting(
                "subsampling",
                format!("{other:?}"),
                "4:4:4, 4:2:2 or 4:2:0",
            ));
        }
    };
    let max_bytes = max_bytes
        .map(|n| {
            usize::try_from(n).map_err(|_| bad_setting("max_bytes", n.to_string(), "1 or more"))
        })
        .transpose()?;
    let fit = fit
        .map(
            |(width, height)| match (u32::try_from(width), u32::try_from(height)) {
                (Ok(width), Ok(height)) => Ok(Size { width, height }),
                _ => Err(bad_setting(
                    "fit",
                    format!("{width}x{height}"),
                    "a width and a height of 1 or more",
                )),
            },
        )
        .transpose()?;
    Ok(Encoding {
        quality,
        subsampling,
        max_bytes,
        fit,
        coder: if libjpeg_turbo {
            Coder::LibjpegTurbo
        } else {
            Coder::Fastest
        },
    })
}

fn bad_setting(field: &'static str, value: String, want: &'static str) -> PyErr {
    from_image(&ImageError::BadSetting { field, value, want })
}
