#!/bin/bash
# Writes to stdout, as a tar archive, a root file system with this machine's Node, npm and C library: the base of an
# image where no registry of images can be reached.
set -euo pipefail
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{usr/bin,usr/lib,usr/lib64,usr/local/bin,etc/ssl/certs,tmp,root,proc,sys,dev}
for folder in bin lib lib64; do ln -s usr/$folder "$root/$folder"; done

copy_library() {
  mkdir -p "$root$(dirname "$1")"
  cp -L "$1" "$root$1"
}
node=$(node -p process.execPath)
cp "$node" "$root/usr/bin/node"
for program in dash env rm mv mkdir cat ls id; do cp -L "$(command -v $program)" "$root/usr/bin/"; done
ln -s dash "$root/usr/bin/sh"
for program in "$root"/usr/bin/*; do
  ldd "$program" | grep -o '/[^ ]*' | while read -r library; do copy_library "$library"; done
done
# Not linked by Node, but loaded later or by the compiler.
libc=$(ldd "$node" | grep -o '/[^ ]*/libc\.so\.6')
for name in librt.so.1 libresolv.so.2 libnss_dns.so.2 libnss_files.so.2; do copy_library "$(dirname "$libc")/$name"; done
cp -r "$(dirname "$(readlink -f "$(command -v npm)")")/.." "$root/usr/lib/npm"
ln -s ../lib/npm/bin/npm-cli.js "$root/usr/bin/npm"
cp -L "${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}" "$root/etc/ssl/certs/ca-certificates.crt"
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
chmod 755 "$root"
tar -C "$root" -c .
