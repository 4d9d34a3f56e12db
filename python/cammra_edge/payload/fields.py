"""The wire names of the FF JSON event, in the order they are sent: one table, nowhere else.

Source: the vendor's samples of 2023 and its field list (`docs/ref/wire.md`). Every scalar is a JSON
string, the two numbers of `geotag` excepted. `tests/payload/test_ff.py` holds the table to the sample.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Field(NamedTuple):
    """One member of the object: its name, and whether its value is written as a string."""

    name: str
    text: bool = True


PACKET_COUNTER: Final = "packetCounter"
CAPTURE_TIMESTAMP: Final = "capture_timestamp"
FRAME_TIMESTAMP: Final = "frame_timestamp"
CAPTURE_TS: Final = "capture_ts"
DATETIME: Final = "datetime"
PLATE_TEXT: Final = "plateText"
PLATE_UNICODE: Final = "plateUnicode"
PLATE_UTF8: Final = "plateUTF8"
PLATE_ASCII: Final = "plateASCII"
PLATE_COUNTRY: Final = "plateCountry"
PLATE_ISO3166_2: Final = "plateISO3166-2"
PLATE_REGION: Final = "plateRegion"
PLATE_REGION_CODE: Final = "plateRegionCode"
PLATE_LIST: Final = "plateList"
PLATE_LIST_MODE: Final = "plateListMode"
PLATE_LIST_DESCRIPTION: Final = "plateListDescription"
PLATE_CONFIDENCE: Final = "plateConfidence"
CAR_STATE: Final = "carState"
ROI_ID: Final = "roiID"
GEOTAG: Final = "geotag"
IMAGE_TYPE: Final = "imageType"
PLATE_IMAGE_TYPE: Final = "plateImageType"
PLATE_IMAGE_SIZE: Final = "plateImageSize"
CAR_MOVE_DIRECTION: Final = "carMoveDirection"
TIME_PROCESSING: Final = "timeProcessing"
PLATE_COORDINATES: Final = "plateCoordinates"
PLATE_COORDINATES_RELATIVE: Final = "plateCoordinatesRelative"
CAR_ID: Final = "carID"
GEO_TARGET: Final = "GEOtarget"
IMAGES_URI: Final = "imagesURI"
IMAGE_ARRAY: Final = "ImageArray"
IMAGE_FILE: Final = "imageFile"
IMAGE_FILE_2: Final = "imageFile2"
PROFILE_ID: Final = "profileID"
VEHICLE_INFO: Final = "vehicle_info"
CAMERA_INFO: Final = "camera_info"
SENSOR_PROVIDER_ID: Final = "sensorProviderID"

EVENT: Final = (
    Field(PACKET_COUNTER),
    Field(CAPTURE_TIMESTAMP),
    Field(FRAME_TIMESTAMP),
    Field(CAPTURE_TS),
    Field(DATETIME),
    Field(PLATE_TEXT),
    Field(PLATE_UNICODE),
    Field(PLATE_UTF8),
    Field(PLATE_ASCII),
    Field(PLATE_COUNTRY),
    Field(PLATE_ISO3166_2),
    Field(PLATE_REGION),
    Field(PLATE_REGION_CODE),
    Field(PLATE_LIST),
    Field(PLATE_LIST_MODE),
    Field(PLATE_LIST_DESCRIPTION),
    Field(PLATE_CONFIDENCE),
    Field(CAR_STATE),
    Field(ROI_ID),
    Field(GEOTAG, text=False),
    Field(IMAGE_TYPE),
    Field(PLATE_IMAGE_TYPE),
    Field(PLATE_IMAGE_SIZE),
    Field(CAR_MOVE_DIRECTION),
    Field(TIME_PROCESSING),
    Field(PLATE_COORDINATES, text=False),
    Field(PLATE_COORDINATES_RELATIVE, text=False),
    Field(CAR_ID),
    Field(GEO_TARGET),
    Field(IMAGES_URI, text=False),
    Field(IMAGE_FILE),
    Field(IMAGE_FILE_2),
    Field(PROFILE_ID),
    Field(VEHICLE_INFO, text=False),
    Field(CAMERA_INFO, text=False),
    Field(SENSOR_PROVIDER_ID),
)

IMAGE_ARRAY_BEFORE: Final = IMAGE_FILE
"""`ImageArray`, where images travel inside the JSON, stands before this member."""

IMAGE_ARRAY_ELEMENT: Final = ("ImageType", "ImageFormat", "BinaryImage")
"""Members of one element of `ImageArray`."""

VEHICLE_VIEW: Final = "view"
VEHICLE_TYPE: Final = "type"
VEHICLE_COLOR: Final = "color"
VEHICLE_BRAND: Final = "brand"
VEHICLE_MAKE: Final = "make"
VEHICLE_MODEL: Final = "model"
VEHICLE_CONFIDENCE_MMR: Final = "confidenceMMR"
VEHICLE_CONFIDENCE_COLOR: Final = "confidenceColor"

CAMERA_SERIAL: Final = "SerialNumber"
CAMERA_PRODUCT: Final = "ProdShortName"
CAMERA_IP: Final = "IPAddress"
CAMERA_MAC: Final = "MACAddress"

IMAGE_URI_PREFIX: Final = "/local/fflprapp/tools.cgi?action=getImage&name="
IMAGE_FILE_PREFIX: Final = "localdata/images/"

IMAGE_TYPES: Final = ("vehicle", "frame", "plate", "mmrcrop")
"""What `imageType` may say; `mmrcrop` is never sent by us."""
