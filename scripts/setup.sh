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

    echo "Installing: ${missing[*]}" >&2
    update_lists && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends "${missing[@]}" >/dev/null || {
        echo "Could not install: ${missing[*]}" >&2
        return 1
    }
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
update_lists() { as_root apt-get update -qq >&2; }

# need_kernel: unpacks Debian's kernel with all its modules for tests (70 MB), where
# tests/lib/linux.py finds it. Not installed, which would change what this computer boots.
need_kernel() {
    local home=~ part
    local cache=${XDG_CACHE_HOME:-$home/.cache}/vitrine-tests
    ! compgen -G "$cache/linux/boot/vmlinuz-*" >/dev/null || return 0

    echo "Fetching: the kernel of linux-image-amd64" >&2
    mkdir -p "$cache" && part=$(mktemp -d "$cache/part-XXXXXX") || return 1
    fetch_kernel "$part" || { update_lists && fetch_kernel "$part"; } || {
        echo "Could not fetch the kernel of linux-image-amd64" >&2
        rm -rf "$part"
        return 1
    }
    rm -rf "$cache/linux" && mv "$part/root" "$cache/linux" && rm -rf "$part"
}

fetch_kernel() {
    local name
    name=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: *\(linux-image-[^ ]*\)/\1/p')
    [ -n "$name" ] && (cd "$1" && apt-get download -qq "$name" 2>/dev/null) &&
        mkdir "$1/root" && dpkg-deb --fsys-tarfile "$1"/linux-image-*.deb |
        tar -x -C "$1/root" --exclude='*/drivers/'{gpu,infiniband,media,net,staging} \
            --exclude='*/kernel/'{net,sound} ./boot ./lib
}

# build_in DIR [meson options]: configures once, then compiles what has changed.
build_in() {
    local dir=$1
    shift
    [ -f "$dir/build.ninja" ] || meson setup "$dir" "$top" "$@" >"$dir.log" 2>&1 ||
        { cat "$dir.log" >&2; return 1; }
    ninja -C "$dir" >"$dir.log" 2>&1 || { cat "$dir.log" >&2; return 1; }
}
