"""Settings of `stsbench lab` that keep patient data where it is."""

import json

from stsbench.workflow.laboratory import _write_settings


def test_kernels_keep_no_history_and_show_no_values(tmp_path):
    _write_settings(tmp_path)
    config = (tmp_path / "ipython" / "profile_default" / "ipython_config.py").read_text()
    assert 'hist_file = ":memory:"' in config
    assert "HistoryManager.enabled = False" in config
    assert 'xmode = "Minimal"' in config


def test_the_page_asks_nobody_for_news_and_saves_no_widget(tmp_path):
    settings = _write_settings(tmp_path)
    found = {path.stem: json.loads(path.read_text()) for path in settings.rglob("*-settings")}
    assert found["notification"] == {"fetchNews": "false", "checkForUpdates": False}
    assert found["tracker"]["windowingMode"] == "none"
    assert found["plugin"]["saveState"] is False
