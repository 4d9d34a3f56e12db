"""The Test of a profile that posts by HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.profile import HttpPost
from cammra_edge.trial.secure import SecureTrial

if TYPE_CHECKING:
    from cammra_edge.profile import Endpoint


class HttpTrial(SecureTrial[HttpPost]):
    """Goes through a proxy if there is one, and signs in with a user or a header."""

    def _reached(self) -> Endpoint:
        return self._way.proxy_endpoint() or self._endpoint

    def _signed_in(self) -> str:
        if self._way.user:
            return f"as {self._way.user}"
        return "by Auth-Header" if self._way.auth_header else ""
