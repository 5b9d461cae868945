#!/bin/sh
# Writes the secrets of deploy/compose.yaml into deploy/compose/secrets, each once: what is there already stays.
#
# Compose mounts the files as they are, to services with different users. So each file can be read by all, and the folder
# keeps everyone but its owner from reaching them.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets
cd secrets

# write NAME TEXT
write() {
  [ -e "$1" ] && return
  printf '%s\n' "$2" >"$1"
  chmod 444 "$1"
  echo "wrote deploy/compose/secrets/$1"
}

random() { od -An -v -tx1 -N24 /dev/urandom | tr -d ' \n'; }

write postgres-password "$(random)"
write redis-password "$(random)"
write secrets-key "$(head -c 32 /dev/urandom | base64)"
write database-url "postgresql://compute:$(cat postgres-password)@postgres:5432/compute"
write redis-url "redis://default:$(cat redis-password)@redis:6379"
write redis.conf "requirepass $(cat redis-password)
dir /data
appendonly yes
appendfsync everysec
maxmemory 400mb
maxmemory-policy noeviction"

[ -e kubeconfig ] || echo "missing deploy/compose/secrets/kubeconfig: how the worker reaches its cluster (docs/installing.md)"
