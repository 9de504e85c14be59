# Sourced by the checks beside it, in bash: the environment $env/bin/python, empty but for
# pip, and the function `install`. Both lie in $folder, which goes when the script ends.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
env=$folder/env
constraints=$PWD/constraints.txt
${PYTHON:-python3} -m venv "$env"

install() {
    "$env/bin/python" -m pip install --quiet --disable-pip-version-check \
        -c "$constraints" "$@"
}
