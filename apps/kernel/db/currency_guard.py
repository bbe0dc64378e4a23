"""A migration operation by which the database refuses a code that was never a currency.

The list is written out, so that a schema does not depend on the installed version of a package. A test compares it
with `apps.kernel.currencies`; a new currency is added here, and a migration replaces the function in every schema.
"""

from __future__ import annotations

from django.db import migrations

CODES = """
ADP AED AFA AFN ALK ALL AMD ANG AOA AOK AON AOR ARA ARP ARS ARY ATS AUD AWG AYM AZM AZN BAD BAM BBD BDT BEC
BEF BEL BGJ BGK BGL BGN BHD BIF BMD BND BOB BOP BOV BRB BRC BRE BRL BRN BRR BSD BTN BUK BWP BYB BYN BYR BZD
CAD CDF CHC CHE CHF CHW CLF CLP CNY COP COU CRC CSD CSJ CSK CUC CUP CVE CYP CZK DDM DEM DJF DKK DOP DZD ECS
ECV EEK EGP ERN ESA ESB ESP ETB EUR FIM FJD FKP FRF GBP GEK GEL GHC GHP GHS GIP GMD GNE GNF GNS GQE GRD GTQ
GWE GWP GYD HKD HNL HRD HRK HTG HUF IDR IEP ILP ILR ILS INR IQD IRR ISJ ISK ITL JMD JOD JPY KES KGS KHR KMF
KPW KRW KWD KYD KZT LAJ LAK LBP LKR LRD LSL LSM LTL LTT LUC LUF LUL LVL LVR LYD MAD MDL MGA MGF MKD MLF MMK
MNT MOP MRO MRU MTL MTP MUR MVQ MVR MWK MXN MXP MXV MYR MZE MZM MZN NAD NGN NIC NIO NLG NOK NPR NZD OMR PAB
PEH PEI PEN PES PGK PHP PKR PLN PLZ PTE PYG QAR RHD ROK ROL RON RSD RUB RUR RWF SAR SBD SCR SDD SDG SDP SEK
SGD SHP SIT SKK SLE SLL SOS SRD SRG SSP STD STN SUR SVC SYP SZL THB TJR TJS TMM TMT TND TOP TPE TRL TRY TTD
TWD TZS UAH UAK UGS UGW UGX USD USN USS UYI UYN UYP UYU UYW UZS VEB VED VEF VES VNC VND VUV WST XAD XAF XCD
XCG XEU XOF XPF YDD YER YUD YUM YUN ZAL ZAR ZMK ZMW ZRN ZRZ ZWC ZWD ZWG ZWL ZWN ZWR
"""
"""All codes that are or were a currency of ISO 4217 with a minor unit."""

FUNCTION = f"""
CREATE OR REPLACE FUNCTION currency_existed(code text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN code ~ '^[A-Z]{{3}}$' AND position(code IN '{" ".join(CODES.split())}') > 0;
"""

_CHECK = "ALTER TABLE {table} ADD CONSTRAINT currency_existed CHECK (currency_existed(currency));"
_UNDO = "ALTER TABLE {table} DROP CONSTRAINT currency_existed;"


def real_currencies(*tables: str) -> migrations.RunSQL:
    """The column `currency` of these tables holds active or withdrawn codes of ISO 4217 only."""
    checks = "".join(_CHECK.format(table=table) for table in tables)
    return migrations.RunSQL(FUNCTION + checks, "".join(_UNDO.format(table=table) for table in tables))
