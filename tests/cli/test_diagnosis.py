"""What `reaper doctor` shows of its findings."""

from __future__ import annotations

from reaper.cli.diagnosis import Finding, Health, as_document, as_text


def test_a_person_reads_what_is_brief_and_a_program_all_of_it() -> None:
    found = Finding(
        subject="aws 1/r",
        check="list",
        health=Health.OK,
        detail="aws:ec2:vpc, aws:ec2:subnet",
        brief="2 kinds of ec2",
    )

    assert "2 kinds of ec2" in as_text([found])
    assert "aws:ec2:vpc" not in as_text([found])
    assert as_document([found])["findings"][0]["detail"] == "aws:ec2:vpc, aws:ec2:subnet"
