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
    # BuildKit skips files of unchanged size and time, so have it read them all. The layers may stay.
    log_info "Dropping the source files that Docker kept..."
    docker builder prune --force --filter type=source.local
    log_success "Docker will read every source file again"
    # shellcheck disable=SC2155  # without git the build goes on, as before
    export GIT_COMMIT_HASH="$(git rev-parse HEAD || true)"
    log_info "Building from commit: ${GIT_COMMIT_HASH:0:7}..."
    docker compose build frontend
    docker compose up -d frontend
    log_success "Frontend is up"
}

build_backend() {
    log_info "Building the backend image..."
    # BuildKit skips files of unchanged size and time, so have it read them all. The layers may stay.
    log_info "Dropping the source files that Docker kept..."
    docker builder prune --force --filter type=source.local
    log_success "Docker will read every source file again"
    # shellcheck disable=SC2155  # without git the build goes on, as before
    export GIT_COMMIT_HASH="$(git rev-parse HEAD || true)"
    log_info "Building from commit: ${GIT_COMMIT_HASH:0:7}..."
    docker compose build backend
    docker compose up -d backend
    log_success "Backend is up"
}

build_all() {
    log_info "Building all images..."
    # BuildKit skips files of unchanged size and time, so have it read them all. The layers may stay.
    log_info "Dropping the source files that Docker kept..."
    docker builder prune --force --filter type=source.local
    log_success "Docker will read every source file again"
    # shellcheck disable=SC2155  # without git the build goes on, as before
    export GIT_COMMIT_HASH="$(git rev-parse HEAD || true)"
    log_info "Building from commit: ${GIT_COMMIT_HASH:0:7}..."
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
