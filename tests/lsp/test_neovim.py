"""A real editor: a headless Neovim opens a policy with a mistake, shows the diagnostic and a hover, and formats it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system
ROOT = Path(__file__).parents[2]
POLICY = """policy: site  # 🙂
extends: strict
rules:
  - name: note
    rule: warn nic when nic is brdge   and nic.mtu is known
"""
SCRIPT = """
local function wait(name, test)
  if not vim.wait(60000, test, 50) then error("no " .. name) end
end
local seen = {}
vim.cmd("edit site.yaml")
local id = vim.lsp.start_client({ name = "activenic", cmd = COMMAND, root_dir = vim.fn.getcwd() })
vim.lsp.buf_attach_client(0, id)
wait("diagnostic", function() return #vim.diagnostic.get(0) > 0 end)
seen.diagnostics = vim.tbl_map(function(one)
  return { code = one.code, line = one.lnum, column = one.col, message = one.message }
end, vim.diagnostic.get(0))
local function request(method, line, column, more)
  local params = vim.tbl_extend("force", {
    textDocument = vim.lsp.util.make_text_document_params(),
    position = { line = line, character = column },
  }, more or {})
  local replies = vim.lsp.buf_request_sync(0, method, params, 60000)
  return replies[id].result
end
seen.hover = request("textDocument/hover", 4, 16).contents.value
vim.fn.setline(5, vim.fn.substitute(vim.fn.getline(5), "brdge", "bridge", ""))
wait("empty diagnostics", function() return #vim.diagnostic.get(0) == 0 end)
local edits = request("textDocument/formatting", 0, 0, { options = { tabSize = 2, insertSpaces = true } })
vim.lsp.util.apply_text_edits(edits, 0, "utf-16")
seen.line = vim.fn.getline(5)
vim.fn.writefile({ vim.fn.json_encode(seen) }, "seen.json")
vim.lsp.stop_client(id)
vim.cmd("qall!")
"""


def test_neovim_shows_and_formats_a_policy(tmp_path: Path) -> None:
    neovim = shutil.which("nvim")
    assert neovim is not None, "install the package neovim"
    (tmp_path / "site.yaml").write_text(POLICY, encoding="utf-8")
    command = ", ".join(json.dumps(part) for part in (sys.executable, "-m", "evaluator", "lsp"))
    script = tmp_path / "session.lua"
    script.write_text(f"local COMMAND = {{ {command} }}\n{SCRIPT}", encoding="utf-8")
    start = f"lua local ok, e = pcall(dofile, '{script}'); if not ok then print(e); vim.cmd('cquit') end"
    done = subprocess.run(
        [neovim, "--headless", "--clean", "-n", "-c", start],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads((tmp_path / "seen.json").read_text(encoding="utf-8"))
    (problem,) = seen["diagnostics"]
    assert (problem["code"], problem["line"], problem["column"]) == ("UNKNOWN_STATE", 4, 31)
    assert "did you mean `bridge`?" in problem["message"]
    assert seen["hover"].startswith("`nic`: `nic`")
    assert seen["line"] == "    rule: warn nic when nic is bridge and nic.mtu is known"
