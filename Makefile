# `make` alone prints this list.

.PHONY: help native build run test test-pure test-sampler test-race test-asan test-gpu vet-darwin fuzz bench golden fmt clean install install-built uninstall dist dist-check test-dist
.DEFAULT_GOAL := help

BACKEND ?= cpu
LINK    ?= static
PREFIX  ?= /usr/local
PROMPT  ?= In one sentence, what is a large language model?

# What a build is called: the tag of its file in llama, its program.
ifeq ($(LINK),modules)
  TAGS := llm_modules
  BIN  := bin/llm-modules
else ifneq ($(BACKEND),cpu)
  TAGS := $(BACKEND)
  BIN  := bin/llm-$(BACKEND)
else
  BIN  := bin/llm
endif

# The packages that do not reach cgo, with their tests.
PURE = $(shell go list -f '{{$$llama := "github.com/seed-f87006eb/llm/llama"}}{{$$c := eq .ImportPath $$llama}}{{range .Deps}}{{if eq . $$llama}}{{$$c = true}}{{end}}{{end}}{{range .TestImports}}{{if eq . $$llama}}{{$$c = true}}{{end}}{{end}}{{range .XTestImports}}{{if eq . $$llama}}{{$$c = true}}{{end}}{{end}}{{if not $$c}}{{.ImportPath}}{{end}}' ./...)

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

native: ## fetch the engine's source if needed and build it (BACKEND=cpu, cuda, vulkan or metal; LINK=modules)
	@BACKEND=$(BACKEND) LINK=$(LINK) scripts/build-native.sh

build: native ## build bin/llm (of another BACKEND bin/llm-BACKEND, of LINK=modules bin/llm-modules)
	@command -v go >/dev/null || { echo "make: 'go' is missing; install Go 1.26 or newer from https://go.dev/dl"; exit 1; }
	@go build -trimpath -tags '$(TAGS)' -o $(BIN) ./cmd/llm

models/SmolLM2-135M-Instruct.Q4_1.gguf:
	@scripts/fetch-model.sh

run: build models/SmolLM2-135M-Instruct.Q4_1.gguf ## fetch and build what is missing, and answer a prompt
	@$(BIN) run --temp 0 -n 64 -p "$(PROMPT)" </dev/null

test-models: models/SmolLM2-135M-Instruct.Q4_1.gguf
	@scripts/fetch-model.sh gemma3

build/python/packages: scripts/fetch-gguf-py.sh
	@scripts/fetch-gguf-py.sh

test: build test-models test-pure build/python/packages ## all tests but fuzz and bench; what CI runs
	go vet ./...
	go test -p 1 -timeout 30m ./...
	$(MAKE) test-race
	$(MAKE) test-skynet

test-pure: ## the packages that do not reach cgo, with cgo off
	CGO_ENABLED=0 go test $(PURE)
	CGO_ENABLED=0 go test -tags purego ./sampler

test-sampler: native test-models ## every chain of samplers beside the engine's: 20,000 steps on SmolLM2, 2,000 on Gemma 3
	go test ./llama/reference -run TestSampler -count=1 -timeout 12h -v -sampler.steps 20000 -sampler.gemma 2000
	go test ./internal/engine -run TestOutputsOfSchemas -count=1 -timeout 2h -v -schema.outputs 30

test-skynet: native test-models ## programs of go-skynet/go-llama.cpp on our engine (CALLS=20000: each call so often)
	CGO_CXXFLAGS="-O2 -isystem $(CURDIR)/llama/skynet/include" go vet -tags skynet ./llama/skynet
	go test -timeout 30m ./llama/skynet $(if $(CALLS),-run TestMemory -v -skynet.calls $(CALLS))

test-race: build test-models ## what is concurrent, under the race detector
	go test -p 1 -race -timeout 30m -run 'Goroutines|Cancel|Queue|Close|Break' ./internal/engine ./internal/worker ./internal/store/remote ./internal/oracle ./llama ./gguf

test-gpu: ## tests and a report on the GPUs that are there (BACKEND=cuda or vulkan; else Vulkan with a module that is fetched)
	@BACKEND=$(BACKEND) scripts/test-gpu.sh

vet-darwin: ## vet the Go side as for macOS, on another system
	@scripts/vet-darwin.sh

test-asan: test-models ## all tests with our C++ and the engine under AddressSanitizer
	@BACKEND=$(BACKEND) SANITIZE=address scripts/build-native.sh
	@# A Go program ends without freeing what C gave it, which is no leak; TestOpenAndCloseLeaksNothing looks for those.
	@# What is to crash does so by its signal. A limit of a process's memory counts the sanitizer's own, of which there is more.
	ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_abort=0:handle_sigbus=0 go test -asan -p 1 -timeout 60m -skip MemoryLimit ./...

fuzz: ## fuzz what reads bytes from outside (FUZZTIME=30s each)
	go test -run=FuzzStream -fuzz=FuzzStream -fuzztime=$(or $(FUZZTIME),30s) ./internal/engine
	go test -run=FuzzCheck -fuzz=FuzzCheck -fuzztime=$(or $(FUZZTIME),30s) ./internal/schema
	go test -run=FuzzTag -fuzz=FuzzTag -fuzztime=$(or $(FUZZTIME),30s) ./internal/license
	go test -run=FuzzPolicy -fuzz=FuzzPolicy -fuzztime=$(or $(FUZZTIME),30s) ./internal/license
	go test -run=FuzzReadSuite -fuzz=FuzzReadSuite -fuzzminimizetime=10x -fuzztime=$(or $(FUZZTIME),30s) ./internal/eval/task
	go test -run=FuzzContentRange -fuzz=FuzzContentRange -fuzztime=$(or $(FUZZTIME),30s) ./internal/store/remote
	@# Otherwise it spends a minute to make each input of interest shorter.
	go test -run=FuzzOpen -fuzz=FuzzOpen -fuzzminimizetime=10x -fuzztime=$(or $(FUZZTIME),30s) ./gguf
	go test -run=FuzzWrite -fuzz=FuzzWrite -fuzzminimizetime=10x -fuzztime=$(or $(FUZZTIME),30s) ./gguf
	go test -run=FuzzValidate -fuzz=FuzzValidate -fuzzminimizetime=10x -fuzztime=$(or $(FUZZTIME),30s) ./gguf
	go test -run=FuzzMeaning -fuzz=FuzzMeaning -fuzzminimizetime=10x -fuzztime=$(or $(FUZZTIME),30s) ./gguf
	go test -run=FuzzParseDevices -fuzz=FuzzParseDevices -fuzztime=$(or $(FUZZTIME),30s) ./plan
	go test -run=FuzzRead -fuzz=FuzzRead -fuzzminimizetime=10x -fuzztime=$(or $(FUZZTIME),30s) ./internal/bench/record
	go test -run=FuzzParseRange -fuzz=FuzzParseRange -fuzztime=$(or $(FUZZTIME),30s) ./internal/bench/speed
	go test -run=FuzzStrip -fuzz=FuzzStrip -fuzzminimizetime=10x -fuzztime=$(or $(FUZZTIME),30s) ./internal/oracle
	go test -run=FuzzDecode -fuzz=FuzzDecode -fuzzminimizetime=10x -fuzztime=$(or $(FUZZTIME),30s) ./internal/imatrix
	go test -run=FuzzNames -fuzz=FuzzNames -fuzztime=$(or $(FUZZTIME),30s) ./quant
	go test -run=FuzzChains -fuzz=FuzzChains -fuzzminimizetime=10x -fuzztime=$(or $(FUZZTIME),30s) ./sampler
	go test -run=FuzzKernels -fuzz=FuzzKernels -fuzztime=$(or $(FUZZTIME),30s) ./sampler
	go test -run=FuzzParseOrder -fuzz=FuzzParseOrder -fuzztime=$(or $(FUZZTIME),30s) ./sampler
	go test -run=FuzzReadPrompts -fuzz=FuzzReadPrompts -fuzztime=$(or $(FUZZTIME),30s) ./internal/eval
	go test -run=FuzzReadJournal -fuzz=FuzzReadJournal -fuzztime=$(or $(FUZZTIME),30s) ./internal/eval
	go test -run=FuzzFrame -fuzz=FuzzFrame -fuzztime=$(or $(FUZZTIME),30s) ./internal/worker

golden: build test-models ## record upstream's own greedy text, and compare ours with it
	@BACKEND=$(BACKEND) scripts/build-native.sh peers
	go test ./cmd/llm ./internal/engine -p 1 -run TestGolden -count=1 -update

bench: build test-models ## speed side by side with llama-bench, llama-completion and other readers of GGUF files, as ratios; plans beside the engine
	@BACKEND=$(BACKEND) scripts/build-native.sh peers
	@scripts/fetch-model.sh qwen7b
	@go run ./scripts/bench

dist: ## the release archive dist/llm-<version>-linux-amd64.tar.zst, which runs on every x86-64 with Linux
	@scripts/dist.sh

dist-check: ## make it twice, in two folders, and compare
	@scripts/dist-check.sh

test-dist: dist test-models ## the archive in an empty folder: what it needs, where it runs, on an old processor too
	@command -v qemu-x86_64 >/dev/null || { echo "make: 'qemu-x86_64' is missing; install it with: sudo apt-get install -y qemu-user"; exit 1; }
	go test -tags dist -count=1 -timeout 30m ./scripts/dist

ifeq ($(LINK),modules)
install: dist install-built

install-built:
	@DESTDIR='$(DESTDIR)' sh dist/install.sh '$(PREFIX)'

uninstall:
	@DESTDIR='$(DESTDIR)' sh scripts/install-dist.sh uninstall '$(PREFIX)'
else
install: build install-built ## install bin/llm, its manual and completions, the archive and a pkg-config file under PREFIX (/usr/local)

install-built: ## the same, of what is built already
	@BACKEND=$(BACKEND) PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' scripts/install.sh

uninstall: ## remove from PREFIX what install put there
	@BACKEND=$(BACKEND) PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' scripts/install.sh uninstall
endif

fmt: ## format the Go code
	gofmt -w *.go cmd internal llama scripts

clean: ## remove what was built; sources and models stay
	rm -rf bin build dist llama/stamp_*.h
