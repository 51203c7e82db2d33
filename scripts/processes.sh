# Programs that are started run in sessions of their own, so that nothing of them is left behind: neither what they started
# themselves, nor what moved to a process group of its own.

declare -A sessions=()

# watched COMMAND…: runs it to its end; a signal to this shell interrupts the waiting, and `stop_all` ends the program.
watched() {
  setsid "$@" </dev/null &
  local session=$! status=0
  sessions[$session]=running
  wait "$session" || status=$?
  stop_session "$session"
  return "$status"
}

# watched_log LOG COMMAND…: the same, and keeps what is printed.
watched_log() {
  local copying status=0
  mkfifo "$1.pipe"
  tee "$1" <"$1.pipe" &
  copying=$!
  watched "${@:2}" >"$1.pipe" 2>&1 || status=$?
  wait "$copying"
  return "$status"
}

# start_service LOG COMMAND…: leaves it running; its process id is in `service`.
start_service() {
  setsid "${@:2}" </dev/null >"$1" 2>&1 &
  service=$!
  sessions[$service]=running
}

# Process ids of all that is left of a session.
session_members() {
  local file line fields
  for file in /proc/[0-9]*/stat; do
    { read -r line <"$file"; } 2>/dev/null || continue
    # Behind the name in brackets, which may hold anything: state, parent, process group, session.
    read -ra fields <<<"${line##*) }"
    if [[ ${fields[3]} == "$1" && ${fields[0]} != Z ]]; then
      file=${file#/proc/}
      printf '%s\n' "${file%/stat}"
    fi
  done
}

# stop_session ID: asks politely, and after 10 s no longer.
stop_session() {
  local signal=TERM members attempt
  for attempt in {1..120}; do
    mapfile -t members < <(session_members "$1")
    if ((${#members[@]} == 0)); then
      unset "sessions[$1]"
      # Not a plain `return`: within a trap that gives the status from before it.
      return 0
    fi
    ((attempt < 100)) || signal=KILL
    if ((attempt == 1 || attempt >= 100)); then signal_all "$signal" "${members[@]}"; fi
    sleep 0.1
  done
  complain "still running: ${members[*]}"
}

# Members may belong to other users (PostgreSQL, Dovecot), but only if root started them.
signal_all() { kill -s "$1" -- "${@:2}" 2>/dev/null || true; }

stop_all() {
  local session
  for session in "${!sessions[@]}"; do stop_session "$session"; done
}

# A port nobody listens on, below those the system gives to outgoing connections.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      printf '%s\n' "$port"
      return
    fi
  done
}

# until_ready SECONDS PID COMMAND…: repeats the command until it succeeds; fails when the process is gone or time is up.
until_ready() {
  local end=$((SECONDS + $1)) process=$2
  until "${@:3}" >/dev/null 2>&1; do
    if ((SECONDS >= end)) || ! kill -0 "$process" 2>/dev/null; then return 1; fi
    sleep 0.1
  done
}

# http_ok PORT PATH: whether a GET answers 200.
http_ok() (
  exec 3<>"/dev/tcp/127.0.0.1/$1"
  printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$2" "$1" >&3
  read -r -t 5 _ status _ <&3 && [[ $status == 200 ]]
)
