# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by ./run and ./test: installs what is missing of scripts/packages.txt (Debian 12).

# need_packages [test]: the packages for running, or these and the ones for testing.
need_packages() {
    local name kind missing=()
    while read -r name kind; do
        case "$name" in '' | '#'*) continue ;; esac
        [ -z "$kind" ] || [ "$kind" = "${1:-}" ] || continue
        [ "$(dpkg-query -W -f='${Status}' "$name" 2>/dev/null)" = 'install ok installed' ] ||
            missing+=("$name")
    done <"$top/scripts/packages.txt"
    [ ${#missing[@]} -gt 0 ] || return 0

    local as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    echo "Installing: ${missing[*]}" >&2
    "${as_root[@]}" apt-get update -qq >&2 &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends "${missing[@]}" >/dev/null || {
        echo "Could not install: ${missing[*]}" >&2
        return 1
    }
}

# build_in DIR [meson options]: configures once, then compiles what has changed.
build_in() {
    local dir=$1
    shift
    [ -f "$dir/build.ninja" ] || meson setup "$dir" "$top" "$@" >"$dir.log" 2>&1 ||
        { cat "$dir.log" >&2; return 1; }
    ninja -C "$dir" >"$dir.log" 2>&1 || { cat "$dir.log" >&2; return 1; }
}
