//go:build !unix

package levels

import "os"

// lock keeps nobody away here.
func lock(*os.File) bool { return true }
