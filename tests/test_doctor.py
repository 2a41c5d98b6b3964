"""What `gancourse doctor` says of a machine, on machines made here."""


import pytest

from gancourse.course import doctor


@pytest.fixture
def machine(monkeypatch):
    """The report on a machine of our choice, as {what: (value, advice)}, and its preset."""
    def report(*, gpu="", memory=16.0, speed=100.0, bf16=True, missing=()):
        monkeypatch.setattr(doctor, "gpu_name", lambda: gpu)
        monkeypatch.setattr(doctor, "memory_gb", lambda: memory)
        monkeypatch.setattr(doctor, "matmul_gflops", lambda: speed)
        monkeypatch.setattr(doctor, "bf16_in_hardware", lambda: bf16)
        monkeypatch.setattr(doctor, "physical_cores", lambda: 4)
        monkeypatch.setattr(doctor, "available_cores", lambda: 8)
        monkeypatch.setattr(doctor, "installed", lambda package: "" if package in missing else "1.2.3")
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        found = doctor.report()
        return {what: (value, advice) for what, value, advice in found.lines}, found.preset

    return report


def test_a_good_machine_without_a_gpu_gets_no_advice_but_what_is_not_needed(machine):
    lines, preset = machine()
    assert preset == "laptop" and lines["preset"] == ("laptop", "")
    assert lines["GPU"] == ("none", "not needed: every lesson is made for a CPU")
    assert lines["cores"] == ("4 physical, 8 logical", "")
    assert lines["memory"] == ("16 GB", "") and lines["speed"] == ("100 GFLOP/s in float32", "")
    assert lines["threads"][0] == "1 a lesson"
    assert lines["bfloat16"][0] == "in hardware" and "twice as fast" in lines["bfloat16"][1]
    assert all(lines[package] == ("1.2.3", "") for package in doctor.PACKAGES)


def test_a_gpu_decides_the_preset(machine):
    lines, preset = machine(gpu="NVIDIA H100")
    assert preset == "gpu" and lines["preset"] == ("gpu", "") and lines["GPU"] == ("NVIDIA H100", "")


@pytest.mark.parametrize("memory, value, advice", [
    (3.9, "4 GB", "close other programs"), (4.0, "4 GB", ""), (0.0, "unknown", "")])
def test_little_memory_is_said(machine, memory, value, advice):
    assert machine(memory=memory)[0]["memory"] == (value, advice)


@pytest.mark.parametrize("speed, slow", [(19.0, True), (20.0, False)])
def test_a_slow_processor_is_said(machine, speed, slow):
    assert machine(speed=speed)[0]["speed"][1] == ("lessons may take several times longer" if slow else "")


def test_emulated_bfloat16_is_advised_against(machine):
    value, advice = machine(bf16=False)[0]["bfloat16"]
    assert value == "not in this processor" and "keep precision=fp32" in advice


def test_a_missing_package_is_named_with_its_command(machine):
    lines, _ = machine(missing=("torch",))
    assert lines["torch"] == ("not installed", "pip install torch") and lines["numpy"] == ("1.2.3", "")


def test_the_report_prints_a_line_each_and_shows_as_a_table():
    report = doctor.Report([("memory", "3 GB", "close <other> programs"), ("preset", "laptop", "")], "laptop")
    assert str(report) == "      memory  3 GB   <- close <other> programs\n      preset  laptop"
    page = report._repr_html_()
    assert page.count("<tr>") == 2 and "close &lt;other&gt; programs" in page


def test_the_speed_is_that_of_the_fastest_product(monkeypatch):
    """A product of two 100 x 100 matrices is 2e6 operations; the fastest of five takes a thousandth of a second."""
    clock = iter([0, 0.004, 1, 1.002, 2, 2.001, 3, 3.005, 4, 4.003])
    monkeypatch.setattr(doctor.time, "perf_counter", lambda: next(clock))
    assert doctor.matmul_gflops(100) == pytest.approx(2e6 / 0.001 / 1e9)
