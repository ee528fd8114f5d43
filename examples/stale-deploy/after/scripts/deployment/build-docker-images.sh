#!/usr/bin/env bash
# Build the Docker images on this server and start them.
set -euo pipefail

PROJECT_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
TARGET="${1:-all}"

log_info() { echo "[INFO] $*"; }
log_success() { echo "[ OK ] $*"; }
log_error() { echo "[FAIL] $*" >&2; }

usage() {
    echo "Usage: $(basename "$0") [frontend|backend|all]"
}

build_frontend() {
    log_info "Building the frontend image..."
    docker compose build frontend
    docker compose up -d frontend
    log_success "Frontend is up"
}

build_backend() {
    log_info "Building the backend image..."
    docker compose build backend
    docker compose up -d backend
    log_success "Backend is up"
}

build_all() {
    log_info "Building all images..."
    docker compose build
    docker compose up -d
    log_success "All services are up"
}

cd "$PROJECT_ROOT"

case "$TARGET" in
    frontend)
        build_frontend
        ;;
    backend)
        build_backend
        ;;
    all)
        build_all
        ;;
    -h | --help)
        usage
        ;;
    *)
        log_error "Unknown target: $TARGET"
        usage >&2
        exit 2
        ;;
esac
