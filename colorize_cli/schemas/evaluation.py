"""Schemas of what evaluate writes."""

from colorize_cli.schemas.kinds import Schema, any_number, array, count, mapping, or_null, record, text, truth

_INTERVAL = record({"low": any_number(), "high": any_number()}, "95 % confidence")
_METRICS = mapping(record({"name": text(), "unit": text(), "higher_is_better": truth(), "meaning": text()}), "by name")
_AGGREGATE = record(
    {
        "value": any_number(),
        "low": any_number("of the 95 % confidence interval; null for metrics of sets of pictures"),
        "high": any_number(),
        "n": count("pictures measured"),
        "of": count("pictures that should have been"),
        "infinite": count("pictures with an infinite score"),
        "caution": text("what has to be said with the value"),
        **{name: any_number("over pictures; not of sets") for name in ("median", "min", "max", "p05", "p95")},
    },
    optional=("median", "min", "max", "p05", "p95"),
)
_METHODS = mapping(
    record(
        {
            "place": text("folder"),
            "failed": count("pictures"),
            "missing": array(text(), "pictures without a result that --partial left out"),
            "metrics": mapping(_AGGREGATE),
        }
    ),
    "by label",
)
_PAIRED = record(
    {
        "mean": any_number("of second minus first"),
        "interval": _INTERVAL,
        "larger": count("pictures in which the second is larger"),
        "smaller": count(),
        "equal": count(),
        "p_permutation": any_number("two-sided, of the mean"),
        "p_sign": any_number("two-sided, of the counts"),
    }
)
_COMPARISONS = array(
    record(
        {
            "metric": text(),
            "first": text(),
            "second": text(),
            "paired": _PAIRED,
            "dropped": count("pictures that only one has a score for"),
            "words": text("the comparison as a sentence"),
        }
    )
)
_LIMIT = record(
    {
        "method": text(),
        "metric": text(),
        "value": any_number(),
        "limit": any_number(),
        "under": truth("whether the value must not be under the limit; else not over it"),
        "n": count("pictures that the value is of"),
        "of": count("pictures of the truth"),
        "statistic": text("of the pictures' scores: mean, median, min, max, p05, p95"),
        "picture": text("whose score the value is; of a mean the worst of those beyond the limit"),
        "score": any_number("of that picture"),
        "beyond": count("pictures beyond the limit"),
        "passed": truth(),
        "words": text("the limit as a sentence"),
    }
)
_NO_WORSE = record(
    {
        "method": text(),
        "metric": text(),
        "value": any_number("over the pictures that both have"),
        "before": any_number("the same in the earlier report"),
        "allowed": any_number("by how much the value may be worse"),
        "higher_is_better": truth(),
        "n": count("pictures that both have"),
        "source": text("the earlier report"),
        "statistic": text("of the pictures' scores"),
        "picture": text("which became worst; empty where none became worse"),
        "passed": truth(),
        "words": text("the comparison as a sentence"),
    }
)
_LIMITS = array({"anyOf": [_LIMIT, _NO_WORSE]})
_PICTURE = record(
    {
        "method": text(),
        "name": text("relative path without suffix"),
        "figures": mapping(any_number(), "by metric; empty where it failed"),
        "problem": text("why there are no figures"),
        "warnings": array(text()),
    }
)
_PREFERENCE = record(
    {
        "first": text(),
        "second": text(),
        "first_wins": count(),
        "second_wins": count(),
        "ties": count(),
        "n": count("votes"),
        "rate": any_number("share of votes for the second, ties counted half"),
        "interval": _INTERVAL,
        "p": any_number("sign test, two-sided"),
    }
)
_OPINION = record({"method": text(), "score": any_number("1..5"), "interval": _INTERVAL, "n": count("ratings")})

_FIGURES = {"metrics": _METRICS, "methods": _METHODS, "comparisons": _COMPARISONS, "limits": _LIMITS}

SUMMED: dict[str, Schema] = {name: or_null(schema) for name, schema in _FIGURES.items()}
"""What a summary of evaluate says beside what every summary does; null where nothing was evaluated."""

SCHEMAS: dict[str, Schema] = {
    "evaluation": record(
        {
            "kind": {"const": "colorize-cli evaluation"},
            "version": {"const": 1},
            "truth": text("folder or file"),
            "notes": array(text()),
            **_FIGURES,
            "pictures": array(_PICTURE),
        },
        "All figures of evaluate: REPORT/report.json.",
    ),
    "votes": record(
        {
            "voters": count("files"),
            "unanswered": count("pairs and pictures that were shown and passed over"),
            "preferences": array(_PREFERENCE),
            "opinions": array(_OPINION),
        },
        "Blind votes, counted: evaluate --votes --json.",
    ),
}
