# Sourced by the checks beside it, in bash: the environment $env with its programs in $bin,
# empty but for pip, and the function `install`. All lie in $folder, which goes when the
# script ends.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
env=$folder/env
constraints=$PWD/constraints.txt
${PYTHON:-python3} -m venv "$env"
bin=$env/bin
[ -d "$bin" ] || bin=$env/Scripts # Windows

install() {
    "$bin/python" -m pip install --disable-pip-version-check -c "$constraints" "$@"
}
