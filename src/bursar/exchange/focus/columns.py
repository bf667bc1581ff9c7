"""The columns of FOCUS 1.0 and 1.2 as Bursar writes them, in the order of its files.

Sources: FOCUS 1.0 and 1.2, chapter Columns (focus.finops.org). Columns stand in blocks of what they depend on, which the
specification leaves open; Bursar's own follow with the prefix `x_`. The published validator's rules of 1.0 still ask for five
columns by the names of a draft (`InvoiceIssuer`, `Provider`, `Publisher`, `ResourceID`, `ChargeType`): in a file of 1.0 they
stand at the end with the values of their successors.
"""

from __future__ import annotations

from bursar.errors import InvalidInput

VERSIONS = ("1.0", "1.2")

OF_FILE_1_0 = (
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargeCategory",
    "ChargeClass",
    "ChargeFrequency",
    "ServiceCategory",
    "AvailabilityZone",
    "RegionId",
    "RegionName",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
)
"""The same in every row of a billing period."""
OF_FILE_1_2 = (
    "BillingAccountType",
    "ServiceSubcategory",
    "InvoiceId",
    "CapacityReservationId",
    "CapacityReservationStatus",
    "CommitmentDiscountQuantity",
    "CommitmentDiscountUnit",
)
OF_MODEL_1_0 = (
    "ChargeDescription",
    "InvoiceIssuerName",
    "ProviderName",
    "PublisherName",
    "ServiceName",
    "SkuId",
    "SkuPriceId",
    "ConsumedUnit",
    "PricingUnit",
    "PricingCategory",
)
OF_MODEL_1_2 = ("SkuMeter", "SkuPriceDetails", "PricingCurrency")
OF_PERSON_1_0 = ("ResourceId", "ResourceName", "ResourceType", "SubAccountId", "SubAccountName")
OF_PERSON_1_2 = ("SubAccountType",)
OF_USE_1_0 = ("Tags",)
OF_CHARGE_1_0 = (
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ConsumedQuantity",
    "PricingQuantity",
    "BilledCost",
    "ContractedCost",
    "EffectiveCost",
    "ListCost",
    "ContractedUnitPrice",
    "ListUnitPrice",
)
OF_CHARGE_1_2 = (
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyListUnitPrice",
)
OWN = (
    "x_CostCentre",
    "x_Purpose",
    "x_Project",
    "x_Entry",
    "x_RequestId",
    "x_Status",
    "x_Unit",
    "x_Amount",
    "x_Overage",
    "x_InputTokens",
    "x_CachedTokens",
    "x_OutputTokens",
)
DRAFT = ("InvoiceIssuer", "Provider", "Publisher", "ResourceID", "ChargeType")

SPEC_1_0 = (*OF_FILE_1_0, *OF_MODEL_1_0, *OF_PERSON_1_0, *OF_USE_1_0, *OF_CHARGE_1_0)
SPEC_1_2 = (*OF_FILE_1_2, *OF_MODEL_1_2, *OF_PERSON_1_2, *OF_CHARGE_1_2)
"""What 1.2 (and 1.1 before it) has beside the columns of 1.0."""

DECIMALS = frozenset(
    {
        "ConsumedQuantity",
        "PricingQuantity",
        "BilledCost",
        "ContractedCost",
        "EffectiveCost",
        "ListCost",
        "ContractedUnitPrice",
        "ListUnitPrice",
        "PricingCurrencyEffectiveCost",
        "PricingCurrencyContractedUnitPrice",
        "PricingCurrencyListUnitPrice",
        "CommitmentDiscountQuantity",
        "x_Amount",
        "x_Overage",
    }
)
WHOLE = frozenset({"x_Entry", "x_InputTokens", "x_CachedTokens", "x_OutputTokens"})
INSTANTS = frozenset({"BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"})


def checked_version(version: str) -> str:
    """Raises InvalidInput for a version that is not written."""
    if version not in VERSIONS:
        raise InvalidInput("focus", repr(version[:20]), f"one of {', '.join(VERSIONS)}")
    return version


def columns_of(version: str) -> tuple[str, ...]:
    """The columns of a file, in its order."""
    late = checked_version(version) == "1.2"
    return (
        *OF_FILE_1_0,
        *(OF_FILE_1_2 if late else ()),
        *OF_MODEL_1_0,
        *(OF_MODEL_1_2 if late else ()),
        *OF_PERSON_1_0,
        *(OF_PERSON_1_2 if late else ()),
        *OF_USE_1_0,
        *OF_CHARGE_1_0,
        *(OF_CHARGE_1_2 if late else ()),
        *OWN,
        *(() if late else DRAFT),
    )
