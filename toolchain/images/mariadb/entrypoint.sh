#!/bin/sh
# Starts MariaDB. Creates the data directory once; at every start sets the database, the users and their passwords:
#   MARIADB_DATABASE, MARIADB_USER    are created when set
#   MARIADB_PASSWORD[_FILE]           the user's password
#   MARIADB_ROOT_PASSWORD[_FILE]      root's password, for the local socket and for 127.0.0.1
# Arguments are passed to mariadbd. If the first is neither `mariadbd` nor an option, they are run as a command.
set -eu

case "${1:-}" in
    '' | -*) set -- mariadbd "$@" ;;
    mariadbd) ;;
    *) exec "$@" ;;
esac

fail() {
    echo "entrypoint: $*" >&2
    exit 1
}

# secret NAME: prints the value of $NAME, or the content of the file that $NAME_FILE names.
secret() {
    eval "value=\${$1:-} file=\${$1_FILE:-}"
    if [ -n "$file" ]; then
        [ -r "$file" ] || fail "$1_FILE names $file, which cannot be read"
        value=$(cat "$file")
    fi
    [ -n "$value" ] || fail "$1 or $1_FILE must be set"
    # The values become SQL literals in a file with one statement a line.
    case "$value" in
        *[\'\\]* | *'
'*) fail "$1 must hold no quote, backslash or line break" ;;
    esac
    printf %s "$value"
}

identifier() {
    case "$1" in
        '' | *[!A-Za-z0-9_]*) fail "$2 must be letters, digits and underscores, not '$1'" ;;
    esac
}

data=/var/lib/mysql
unfinished="$data/.initialising"

[ -w "$data" ] || fail "$data is not writable by user $(id -u)"
# Deletes what mariadb-install-db left behind when it was killed, but no directory that has another content.
if [ -e "$unfinished" ] || [ -z "$(find "$data" -mindepth 1 -maxdepth 1 ! -name lost+found)" ]; then
    echo "entrypoint: creating the data directory" >&2
    find "$data" -mindepth 1 -maxdepth 1 ! -name lost+found ! -name .initialising -exec rm -rf {} +
    : >"$unfinished"
    sync -f "$data"
    mariadb-install-db --no-defaults --datadir="$data" --auth-root-authentication-method=normal --skip-test-db >&2
    sync -f "$data"
    rm "$unfinished"
    sync -f "$data"
fi
[ -d "$data/mysql" ] || fail "$data holds files, but no MariaDB data directory; it is left alone"

init=$(mktemp /tmp/mariadb-init.XXXXXX)
root_password=$(secret MARIADB_ROOT_PASSWORD)
{
    echo "ALTER USER 'root'@'localhost' IDENTIFIED BY '$root_password';"
    echo "CREATE USER IF NOT EXISTS 'root'@'127.0.0.1' IDENTIFIED BY '$root_password';"
    echo "ALTER USER 'root'@'127.0.0.1' IDENTIFIED BY '$root_password';"
    echo "GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;"
    echo "DROP USER IF EXISTS ''@'localhost';"
    echo "DROP USER IF EXISTS ''@'$(hostname)';"
    if [ -n "${MARIADB_DATABASE:-}" ]; then
        identifier "$MARIADB_DATABASE" MARIADB_DATABASE
        echo "CREATE DATABASE IF NOT EXISTS $MARIADB_DATABASE;"
    fi
    if [ -n "${MARIADB_USER:-}" ]; then
        identifier "$MARIADB_USER" MARIADB_USER
        [ -n "${MARIADB_DATABASE:-}" ] || fail "MARIADB_USER is set without MARIADB_DATABASE"
        password=$(secret MARIADB_PASSWORD)
        echo "CREATE USER IF NOT EXISTS '$MARIADB_USER'@'%' IDENTIFIED BY '$password';"
        echo "ALTER USER '$MARIADB_USER'@'%' IDENTIFIED BY '$password';"
        echo "GRANT ALL PRIVILEGES ON $MARIADB_DATABASE.* TO '$MARIADB_USER'@'%';"
    fi
} >"$init"
# mariadbd reads the file before it accepts connections, so every client finds the users and the database.
exec "$@" --init-file="$init"
