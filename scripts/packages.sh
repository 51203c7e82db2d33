# What is needed from the system: found, or installed by apt as root or with sudo, or named.

# Servers live where an ordinary user's PATH does not reach.
PATH=$PATH:/usr/sbin:/sbin
missing=()
policy=/usr/sbin/policy-rc.d
policy_is_ours=

# wants PACKAGE COMMAND…: notes the Debian package unless one of the commands is there.
wants() {
  local command
  for command in "${@:2}"; do
    if type -P "$command" >/dev/null; then return; fi
  done
  missing+=("$1")
}

# Rust brings itself; the C compiler builds SQLite and the cryptography.
wants_rust() {
  PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
  if ! type -P cargo >/dev/null; then
    complain 'Rust is missing: install it from https://rustup.rs'
    exit 1
  fi
  local component
  for component in "$@"; do
    if ! cargo "${component/rust/}" --version >/dev/null 2>&1; then
      complain "Rust's $component is missing: rustup component add $component"
      exit 1
    fi
  done
  wants build-essential cc
}

as_root() {
  if (($(id -u) == 0)); then
    "$@"
  elif [[ -t 0 ]]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

# Installs what `wants` noted, or says what is missing and ends.
install_missing() {
  ((${#missing[@]})) || return 0
  if ! type -P apt-get >/dev/null || ! as_root true 2>/dev/null; then
    complain "Missing, and it takes apt and root (or sudo) to install it here: ${missing[*]} (names of Debian packages)"
    exit 1
  fi
  headline "Installing ${missing[*]}"
  hold_daemons
  local status=0
  as_root apt-get update -q >/dev/null || status=$?
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" </dev/null || status=$?
  release_daemons
  if ((status != 0)); then
    complain "apt could not install: ${missing[*]}"
    exit 1
  fi
  missing=()
  hash -r
}

# Packages start their daemons when installed, unless the system's policy says no.
hold_daemons() {
  if [[ ! -e $policy ]]; then
    policy_is_ours=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
}

release_daemons() {
  if [[ $policy_is_ours ]]; then
    as_root rm -f "$policy"
    policy_is_ours=
  fi
}
