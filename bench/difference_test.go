package main

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"
)

// difference is one field in which two values differ.
type difference struct {
	path      string
	want, got any
}

func (d difference) String() string { return fmt.Sprintf("%s is %v, want %v", d.path, d.got, d.want) }

// differences compares two values of one type field by field, through pointers. A slice without elements is as good as none.
func differences(want, got any) []difference {
	return compare("", reflect.ValueOf(want), reflect.ValueOf(got))
}

func compare(path string, want, got reflect.Value) (found []difference) {
	if want.Type() != got.Type() {
		return []difference{{path, want.Type(), got.Type()}}
	}
	switch want.Kind() {
	case reflect.Pointer:
		if !want.IsNil() && !got.IsNil() {
			return compare(path, want.Elem(), got.Elem())
		}
	case reflect.Struct:
		for i := range want.NumField() {
			name := want.Type().Field(i).Name
			if path != "" {
				name = path + "." + name
			}
			found = append(found, compare(name, want.Field(i), got.Field(i))...)
		}
		return found
	case reflect.Slice:
		if want.Type().Elem().Kind() == reflect.Uint8 && bytes.Equal(want.Bytes(), got.Bytes()) {
			return nil
		}
		if want.Len() != got.Len() {
			break
		}
		for i := range want.Len() {
			found = append(found, compare(fmt.Sprintf("%s[%d]", path, i), want.Index(i), got.Index(i))...)
		}
		return found
	}
	if !reflect.DeepEqual(want.Interface(), got.Interface()) {
		found = []difference{{path, want.Interface(), got.Interface()}}
	}
	return found
}

func TestDifferencesAreFound(t *testing.T) {
	type inner struct{ N *int }
	type outer struct {
		In   *inner
		List []inner
		S    string
	}
	one, two := 1, 2
	for _, c := range []struct {
		name      string
		want, got any
		paths     []string
	}{
		{"equal", outer{In: &inner{&one}}, outer{In: &inner{new(1)}}, nil},
		{"an empty slice and none", outer{List: []inner{}}, outer{}, nil},
		{"behind two pointers", outer{In: &inner{&one}}, outer{In: &inner{&two}}, []string{"In.N"}},
		{"nil and not", outer{In: &inner{&one}}, outer{}, []string{"In"}},
		{"zero and nil", outer{In: &inner{new(0)}}, outer{In: &inner{}}, []string{"In.N"}},
		{"in a slice", outer{List: []inner{{}, {&one}}}, outer{List: []inner{{}, {&two}}}, []string{"List[1].N"}},
		{"of length", outer{List: []inner{{}}}, outer{List: []inner{{}, {}}}, []string{"List"}},
		{"two fields", outer{In: &inner{}, S: "a"}, outer{S: "b"}, []string{"In", "S"}},
		{"of type", &outer{}, &inner{}, []string{""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var paths []string
			for _, d := range differences(c.want, c.got) {
				paths = append(paths, d.path)
			}
			if !reflect.DeepEqual(paths, c.paths) {
				t.Errorf("differences in %q, want %q", paths, c.paths)
			}
		})
	}
}
