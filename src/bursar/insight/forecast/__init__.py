"""What people will spend, when they run out and what they lose, with how sure that is.

`model` reads level, season, trend and the shapes of weeks from the past; `courses` draws what may come; `outcome` counts it.
Statistics of nano-units, so floats; the same history and seed give the same figures. docs/explanation/forecast.md has the
formulas, their sources and how the model did on weeks that it had not seen.
"""

from bursar.insight.forecast.courses import MOST_AHEAD, paths
from bursar.insight.forecast.model import LEAST_DAYS, History, Model, fit
from bursar.insight.forecast.outcome import QUANTILES, Forecast, Purses, forecast

__all__ = [
    "LEAST_DAYS",
    "MOST_AHEAD",
    "QUANTILES",
    "Forecast",
    "History",
    "Model",
    "Purses",
    "fit",
    "forecast",
    "paths",
]
