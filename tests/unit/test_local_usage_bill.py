"""Bills as CSV: the consoles' exports, columns of other names, rows of cost alone, and rows that are broken."""

from __future__ import annotations

import pytest
from tests.support.local_logs import claude, gathered

from bursar.exchange.local_usage import UsageEvent, stated_nanos, unpriced
from bursar.prices import Usage

ANTHROPIC_USAGE = (
    "usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,"
    "usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,"
    "usage_output_tokens,web_search_count,inference_geo,speed\n"
)
ANTHROPIC_COST = (
    "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,"
    "inference_geo,speed\n"
)
OPENAI_USAGE = (
    "start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,"
    "service_tier,input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens,input_text_tokens,"
    "output_text_tokens,input_cached_text_tokens,input_audio_tokens,input_cached_audio_tokens,output_audio_tokens,"
    "input_image_tokens,input_cached_image_tokens,output_image_tokens\n"
)
OPENAI_COST = (
    "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,project_id,"
    "organization_id,organization_name\n"
)


def only(bill: str) -> UsageEvent:
    found = gathered(bills=[bill])
    assert found.skipped == ()
    (event,) = found.events
    return event


def reason(bill: str) -> str:
    found = gathered(bills=[bill])
    assert found.events == ()
    (skipped,) = found.skipped
    return f"{skipped.place}: {skipped.reason}"


def test_the_usage_export_of_anthropics_console() -> None:
    event = only(
        ANTHROPIC_USAGE
        + "2026-11-05,claude-haiku-4-5-20251001,a key,Default,standard,≤ 200k,46981,15969,10,300,16932,2,global,\n"
    )
    assert event.usage == Usage(
        input=46_981, cache_write_5m=15_969, cache_write_1h=10, cache_read=300, output=16_932, web_searches=2
    )
    assert event.list_nanos == (
        46_981 * 1_000 + 15_969 * 1_250 + 10 * 2_000 + 300 * 100 + 16_932 * 5_000 + 2 * 10_000_000
    )
    assert (event.provider, event.project, event.at_micros) == ("anthropic", "Default", 1_793_836_800_000_000)


def test_a_day_of_many_short_requests_is_not_priced_as_one_long_one() -> None:
    row = "2026-11-05,claude-sonnet-4-5,k,Default,standard,{},900000,0,0,0,1000,0,global,\n"
    short, long = only(ANTHROPIC_USAGE + row.format("≤ 200k")), only(ANTHROPIC_USAGE + row.format("> 200k"))
    assert short.list_nanos == 900_000 * 3_000 + 1_000 * 15_000
    assert long.list_nanos == 900_000 * 6_000 + 1_000 * 22_500


def test_batches_cost_half_from_the_day_the_price_book_knows_it() -> None:
    row = "2026-11-05,claude-haiku-4-5,k,Default,batch,≤ 200k,1000,0,0,0,100,0,global,\n"
    assert only(ANTHROPIC_USAGE + row).list_nanos == 1_000 * 500 + 100 * 2_500


def test_the_cost_export_of_anthropics_console_is_worth_its_list_price() -> None:
    found = gathered(
        bills=[
            ANTHROPIC_COST
            + "2026-11-05,Claude Haiku 4.5,Default,k,message,≤ 200k,input_no_cache,0.10,1.00,token,global,\n"
            + "2026-11-05,Claude Haiku 4.5,Default,k,message,≤ 200k,output,0.30,,token,global,\n"
        ]
    )
    assert [(event.model, event.list_nanos, event.stated_nanos, event.basis) for event in found.events] == [
        ("claude-haiku-4-5", 300_000_000, 300_000_000, "stated"),
        ("claude-haiku-4-5", 1_000_000_000, 100_000_000, "stated"),
    ]
    assert stated_nanos(found) == 1_300_000_000


def test_the_usage_export_of_openais_platform_with_an_empty_bucket() -> None:
    event = only(
        OPENAI_USAGE
        + "1793836800,1793923200,2026-11-05T00:00:00+00:00,2026-11-06T00:00:00+00:00,proj_1,10.0,user-1,key_1,"
        + "gpt-5-2025-08-07,FALSE,default,59200.0,10646.0,5760.0,53440.0,53440.0,10646.0,5760.0,0.0,0.0,0.0,0.0,0.0,0.0\n"
        + "1793923200,1794009600,2026-11-06T00:00:00+00:00,2026-11-07T00:00:00+00:00,,,,,,,,,,,,,,,,,,,,\n"
    )
    assert event.usage == Usage(input=53_440, cache_read=5_760, output=10_646)
    assert event.list_nanos == 53_440 * 1_250 + 5_760 * 125 + 10_646 * 10_000
    assert (event.requests, event.project, event.at_micros) == (10, "proj_1", 1_793_836_800_000_000)


def test_audio_stands_in_fields_of_its_own() -> None:
    row = "1793836800,,,,p,1,,,gpt-realtime,FALSE,,100,50,30,70,40,20,10,20,20,30,0,0,0\n"
    event = only(OPENAI_USAGE + row)
    assert event.usage == Usage(
        input=50, input_audio=20, cache_read=10, cache_read_audio=20, output=20, output_audio=30
    )


def test_the_cost_export_of_openais_platform_is_worth_what_it_says() -> None:
    event = only(
        OPENAI_COST
        + '1793836800,1793923200,2026-11-05T00:00:00+00:00,,0.8958740000000000,usd,"gpt-5-2025-08-07, input",,org,Ada\n'
        + "1793923200,1794009600,2026-11-06T00:00:00+00:00,,,,,,,\n"
    )
    assert (event.model, event.list_nanos, event.provider) == ("gpt-5-2025-08-07", 895_874_000, "openai")


def test_an_export_without_any_use_is_no_fault() -> None:
    found = gathered(bills=["start_time,end_time,start_time_iso,end_time_iso\n1793836800,1793923200,x,y\n"])
    assert (found.events, found.skipped_lines) == ((), 0)


@pytest.mark.parametrize(
    ("bill", "usage"),
    [
        ("date,model,input_tokens,output_tokens\n2026-11-05,gpt-5,10,5\n", Usage(input=10, output=5)),
        ("\ufeffDay;Model;Prompt Tokens;Completion Tokens\r\n2026-11-05;gpt-5;10;5\r\n", Usage(input=10, output=5)),
        ("time\tmodel\tinput tokens\toutput tokens\n2026-11-05T10:00\tgpt-5\t10\t5\n", Usage(input=10, output=5)),
        (
            "date,model,input_tokens,cached_input_tokens,output_tokens,reasoning_tokens\n2026-11-05,gpt-5,10,4,5,3\n",
            Usage(input=6, cache_read=4, output=2, reasoning=3),
        ),
        (
            "date,model,input_tokens,cache_read_input_tokens,cache_creation_input_tokens,output_tokens\n"
            "2026-11-05,gpt-5,10,4,2,5\n",
            Usage(input=10, cache_read=4, cache_write_5m=2, output=5),
        ),
        ('date,model,input_tokens,output_tokens\n2026-11-05,gpt-5,"1,234",5\n', Usage(input=1_234, output=5)),
        ("date,model,output_tokens\n1793836800,gpt-5,5\n", Usage(output=5)),
    ],
)
def test_columns_of_other_names(bill: str, usage: Usage) -> None:
    assert only(bill).usage == usage


def test_tokens_with_a_price_are_worth_the_list_and_the_cost_stands_beside() -> None:
    event = only("date,model,input_tokens,output_tokens,Cost (USD)\n2026-11-05,gpt-5,1000,0,$0.50\n")
    assert (event.list_nanos, event.stated_nanos, event.basis) == (1_250_000, 500_000_000, "list")


def test_a_model_nobody_knows_is_unpriced_unless_the_bill_says_its_cost() -> None:
    header = "date,model,input_tokens,output_tokens,cost\n"
    assert only(header + "2026-11-05,our-own,1000,0,0.5\n").list_nanos == 500_000_000
    found = gathered(bills=[header + "2026-11-05,our-own,1000,7,\n2026-11-06,our-own,1,0,\n"])
    (model,) = unpriced(found)
    assert (model.model, model.usage) == ("our-own", Usage(input=1_001, output=7))


def test_a_provider_column_says_whose_price_it_is() -> None:
    header = "date,provider,model,input_tokens,output_tokens\n"
    event = only(header + "2026-11-05,OpenRouter,anthropic/claude-haiku-4.5,1000,0\n")
    assert (event.provider, event.list_nanos) == ("openrouter", 1_000_000)


def test_equal_rows_of_one_file_are_different_and_those_of_a_second_file_the_same() -> None:
    header, row = "date,model,input_tokens\n", "2026-11-05,gpt-5,10\n"
    assert len(gathered(bills=[header + row + row]).events) == 2
    assert len(gathered(bills=[header + row + row, header + row]).events) == 2
    named = "id,date,model,input_tokens\n"
    found = gathered(bills=[named + "r1,2026-11-05,gpt-5,10\nr1,2026-11-05,gpt-5,10\nr2,2026-11-05,gpt-5,10\n"])
    assert len(found.events) == 2


def test_a_bill_and_a_log_stand_side_by_side() -> None:
    found = gathered(claude(), bills=["date,model,cost\n2026-11-05,seats,20\n"])
    assert [event.source for event in found.events] == ["csv", "claude"]


@pytest.mark.parametrize(
    ("bill", "expected"),
    [
        ("who,what\na,b\n", "a.csv:1: header: found other columns, expected a date, and tokens or a cost"),
        ("date,model\n2026-11-05,gpt-5\n", "a.csv:1: header"),
        ("date,model,input_tokens\nyesterday,gpt-5,10\n", "a.csv:2: time: found a text"),
        ("date,model,input_tokens\n2026-11-05,gpt-5,ten\n", "a.csv:2: input: found a text, expected a whole number"),
        ("date,model,input_tokens\n2026-11-05,gpt-5,-3\n", "a.csv:2: input: found a text"),
        ("date;cost\n2026-11-05;0,25\n", "a.csv:2: cost: found a text, expected an amount in dollars"),
        ("date,cost\n2026-11-05,-3\n", "a.csv:2: cost: found a negative amount"),
        ("date,cost\n2026-11-05,1e30\n", "a.csv:2: cost: found more"),
        ("date,cost\n2026-11-05,NaN\n", "a.csv:2: cost: found a text"),
        ("date,cost,currency\n2026-11-05,3,eur\n", "a.csv:2: currency: found another, expected usd"),
        (
            "date,model,input_tokens,cached_input_tokens\n2026-11-05,gpt-5,3,4\n",
            "a.csv:2: input: found less than its parts",
        ),
        ('date,cost\n2026-11-05,"3\n', "a.csv:2: row: found a quote that does not end"),
        ("date,cost\n2026-11-05," + "3" * 70_000 + "\n", "a.csv:2: cost: found more"),
    ],
)
def test_a_broken_row_is_told_with_its_place(bill: str, expected: str) -> None:
    assert expected in reason(bill)


def test_a_stray_quote_costs_one_row() -> None:
    found = gathered(bills=['date,cost\n2026-11-05,"3\n2026-11-06,4\n'])
    assert [event.list_nanos for event in found.events] == [4_000_000_000]


def test_other_bytes_are_told() -> None:
    found = gathered(bills=["date,cost\n2026-11-05,3\n".encode("utf-16")])
    assert found.events == ()
    assert found.skipped[0].reason == "row: found other bytes, expected text in UTF-8"
