# A private PostgreSQL: its data in a folder that goes away, nobody else's port, no password, no care for a power cut.

# The folder of the newest PostgreSQL's programs; Debian keeps them out of PATH.
postgres_bin() {
  local newest
  newest=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
  [[ -x $newest ]] || newest=$(type -P initdb) || return 1
  dirname "$newest"
}

# start_postgres FOLDER: its address is in `postgres_url`. PostgreSQL refuses to run as root; Debian's package makes a user for it.
start_postgres() {
  local bin port attempt as_user=()
  bin=$(postgres_bin) || return
  mkdir "$1"
  if (($(id -u) == 0)); then
    chown postgres: "$1"
    as_user=(runuser -u postgres --)
  fi
  (cd "$1" && "${as_user[@]}" "$bin/initdb" -D "$1/data" -U tagwire -A trust -E UTF8 --locale=C.UTF-8 --no-sync --no-instructions) >"$1.log"
  for attempt in 1 2 3; do
    port=$(free_port)
    start_service "$1.log" "${as_user[@]}" "$bin/postgres" -D "$1/data" -p "$port" -k "$1" \
      -c listen_addresses=127.0.0.1 -c max_connections=300 -c fsync=off -c synchronous_commit=off -c full_page_writes=off
    if until_ready 30 "$service" "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; then
      postgres_url=postgres://tagwire@127.0.0.1:$port/postgres
      return
    fi
    complain "PostgreSQL did not start (attempt $attempt):"
    cat "$1.log" >&2
  done
  return 1
}
