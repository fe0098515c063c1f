package boltstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// establish sees to it that there is a file at path. A new one gets its name when it is complete, so that no crash and no
// full disk leaves a part of one, and so that an empty file is always one that has lost something.
func establish(path string, s schema) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return errors.New("it is a directory; name a file in it")
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("it is no regular file (%s)", info.Mode().Type())
	case errors.Is(err, fs.ErrNotExist):
		return create(path, s)
	default:
		return err
	}
}

func create(path string, s schema) error {
	folder, name := filepath.Split(path)
	if folder == "" {
		folder = "."
	}
	file, err := os.CreateTemp(folder, name+".*.new") // with mode 0600
	if err != nil {
		if at, ok := errors.AsType[*fs.PathError](err); ok {
			err = at.Err // the name isn't the caller's
		}
		return fmt.Errorf("making it: %w", err)
	}
	file.Close()
	defer os.Remove(file.Name())
	if err := change(file.Name(), s.begin); err != nil {
		return fmt.Errorf("making it: %w", err)
	}
	return errors.Join(publish(file.Name(), path), syncFolder(folder))
}

// publish gives a complete file its name, unless another process was faster: that one may have written to its own already.
func publish(temporary, path string) error {
	err := os.Link(temporary, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	if _, missing := os.Lstat(path); errors.Is(missing, fs.ErrNotExist) { // a file system without links, such as FAT
		return os.Rename(temporary, path)
	}
	return err
}

// syncFolder makes the name durable, where folders can be synced at all.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := folder.Sync(); !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) {
		return err
	}
	return nil
}
