module github.com/seed-f87006eb/llm

go 1.26
