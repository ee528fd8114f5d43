#!/usr/bin/env bash
# Clear the application caches, for when a deployment still shows old code.
set -euo pipefail

PROJECT_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
TARGET="${1:-all}"

log_info() { echo "[INFO] $*"; }
log_success() { echo "[ OK ] $*"; }
log_error() { echo "[FAIL] $*" >&2; }

usage() {
    echo "Usage: $(basename "$0") [frontend|backend|all]"
}

clear_frontend() {
    log_info "Clearing frontend caches..."
    rm -rf frontend/.next frontend/.turbo frontend/node_modules/.cache
    log_success "Frontend caches cleared"
}

clear_backend() {
    log_info "Clearing backend caches..."
    find backend -type d -name __pycache__ -prune -exec rm -rf {} +
    find backend -type f -name '*.pyc' -delete
    rm -rf backend/staticfiles
    log_success "Backend caches cleared"
}

cd "$PROJECT_ROOT"

case "$TARGET" in
    frontend)
        clear_frontend
        ;;
    backend)
        clear_backend
        ;;
    all)
        clear_frontend
        clear_backend
        # BuildKit skips files of unchanged size and time, so have it read them all. The layers may stay.
        log_info "Dropping the source files that Docker kept..."
        docker builder prune --force --filter type=source.local
        log_success "Docker will read every source file again"
        log_success "All caches cleared, the next build starts fresh"
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
