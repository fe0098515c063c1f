package app

import (
	"fmt"
	"os"
	"path/filepath"
)

// EditProfiles reads the profiles, has change change them, and writes them back unless it failed. Others that do so at the same
// time wait for their turn: a file beside the profiles is locked meanwhile.
func EditProfiles(change func(all *Profiles) error) error {
	path, err := ProfilesPath()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("no place for profiles: %w; set %sPROFILES to a file", err, EnvPrefix)
	}
	unlock, err := lockFile(path + ".lock")
	if err != nil {
		return fmt.Errorf("locking the profiles: %w", err)
	}
	defer unlock()
	all, err := ReadProfiles()
	if err != nil {
		return err
	}
	if err := change(all); err != nil {
		return err
	}
	if err := all.Write(); err != nil {
		return fmt.Errorf("writing the profiles: %w", err)
	}
	return nil
}
