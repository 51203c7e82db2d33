# Node and npm: the system's node if it is new enough, else one that npm brings.

node_home=

node_is_new_enough() {
  local version
  version=$(node --version 2>/dev/null) && [[ $version =~ ^v([0-9]+)\.([0-9]+)\. ]] &&
    ((BASH_REMATCH[1] > 20 || (BASH_REMATCH[1] == 20 && BASH_REMATCH[2] >= 19)))
}

# find_node FOLDER: whether npm and a node of at least 20.19 are there; one that npm brought lives in the folder.
find_node() {
  node_home=$1
  if ! node_is_new_enough && [[ -x $node_home/node_modules/node/bin/node ]]; then
    PATH=$node_home/node_modules/node/bin:$PATH
  fi
  type -P npm >/dev/null && node_is_new_enough
}

# Brings node by npm when `find_node` found none.
bring_node() {
  headline 'Installing node by npm'
  mkdir -p "$node_home"
  npm install --prefix "$node_home" --no-audit --no-fund --no-save node@22.23.3
  if ! find_node "$node_home"; then
    complain 'node 20.19 or later is missing, and npm could not bring it (its package "node"): install it from https://nodejs.org'
    exit 1
  fi
}

# install_node_packages FOLDER: exactly what the lock file names, unless it is there.
install_node_packages() {
  local lock=$1/package-lock.json installed=$1/node_modules/.installed-lock.json
  cmp -s "$lock" "$installed" ||
    { npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund && cp "$lock" "$installed"; }
}

# Makes graphiql/dist, which the server embeds.
build_graphiql() {
  install_node_packages graphiql && node graphiql/build.mjs
}
