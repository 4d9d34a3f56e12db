"""What a sink wants of the machine that it runs on."""

from __future__ import annotations

from cammra_edge.phrases import Phrase


class SinkWant(Phrase):
    """Wants of certificates and parts that are found missing only when they are needed."""

    SFTP_EXTRA = "the extra: pip install 'cammra-edge[sftp]'"
    PEM_CERTIFICATES = "a PEM file of certificates ({reason})"
    PEM_CERTIFICATE_AND_KEY = "a PEM file with certificate and key ({reason})"
