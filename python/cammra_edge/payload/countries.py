"""ISO 3166-1: the two letters of a country for its three.

Most are the first two of the three; the others stand here. `tests/payload/test_countries.py` samples both.
"""

from __future__ import annotations

from typing import Final

_OTHERS: Final = (
    "ABW=AW AGO=AO ALA=AX AND=AD ARE=AE ARM=AM ATA=AQ ATF=TF ATG=AG AUT=AT BDI=BI BEN=BJ BES=BQ BGD=BD BHS=BS BIH=BA"
    " BLR=BY BLZ=BZ BRB=BB BRN=BN CAF=CF CHL=CL CHN=CN COD=CD COG=CG COK=CK COM=KM CPV=CV CUW=CW CYM=KY DNK=DK ESH=EH"
    " EST=EE FLK=FK FRO=FO FSM=FM GIN=GN GLP=GP GNB=GW GNQ=GQ GRD=GD GRL=GL GUF=GF GUY=GY IRL=IE IRQ=IQ ISR=IL JAM=JM"
    " KAZ=KZ KOR=KR LBR=LR LBY=LY MAC=MO MAF=MF MDG=MG MDV=MV MEX=MX MLT=MT MNE=ME MNP=MP MOZ=MZ MTQ=MQ MYT=YT NIU=NU"
    " PAK=PK PCN=PN PLW=PW PNG=PG POL=PL PRK=KP PRT=PT PRY=PY PYF=PF SEN=SN SGS=GS SLB=SB SLV=SV SPM=PM SRB=RS SUR=SR"
    " SVK=SK SVN=SI SWE=SE SWZ=SZ SYC=SC TCD=TD TKM=TM TUN=TN TUR=TR TUV=TV UKR=UA URY=UY WLF=WF"
)
_TWO_OF: Final = dict(pair.split("=") for pair in _OTHERS.split())
_THREE: Final = 3


def alpha_2(alpha_3: str) -> str:
    """Two letters; nothing for what is no code of three."""
    if len(alpha_3) != _THREE or not (alpha_3.isascii() and alpha_3.isalpha()):
        return ""
    return _TWO_OF.get(alpha_3.upper(), alpha_3[:2].upper())
