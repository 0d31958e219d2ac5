#!/bin/sh
# Makes what docker-compose.yml reads from deploy/secrets/, once. What is there already is kept.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
keep() { [ -s "secrets/$1" ] || printf %s "$2" > "secrets/$1"; }
random() { head -c 36 /dev/urandom | base64 | tr '+/' '-_'; }
keep secret_key "$(random)"
keep mail_vault_key "$(random)"
keep postgres_password "$(random)"
keep database_url "postgres://supportdesk:$(cat secrets/postgres_password)@postgres/supportdesk"
chmod 700 secrets
# The containers run as a user of their own and have to read these; the folder keeps everybody else out.
chmod 444 secrets/*
echo "deploy/secrets/ is complete. Keep a copy: mailbox passwords cannot be read without mail_vault_key."
