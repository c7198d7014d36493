// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"sort"
)

func runSecrets(folder string) error {
	rt, err := start(folder)
	if err != nil {
		return err
	}
	defer rt.Close()
	secrets := rt.Secrets("secrets")
	token, _ := secrets.Get(ctx, "token")
	fmt.Println("token:", token.Value())
	user, _ := secrets.Get(ctx, "database:user")
	fmt.Println("database:user:", user.Value())
	absent, err := secrets.Get(ctx, "nothing")
	fmt.Printf("nothing: %s, found %s\n", nameFound(absent.Found, err), yesNo(absent.Found))
	_, err = secrets.Get(ctx, "hidden")
	fmt.Println("hidden:", name(err))
	_, err = secrets.Get(ctx, "")
	fmt.Println("no name:", name(err))
	all, _ := secrets.List(ctx)
	var lines []string
	for _, secret := range all {
		for _, key := range secret.Keys() {
			value, _ := secret.Key(key)
			lines = append(lines, fmt.Sprintf("%s/%s = %s", secret.Name, key, value))
		}
	}
	sort.Strings(lines)
	fmt.Println("list:", len(lines))
	for _, line := range lines {
		fmt.Println(" ", line)
	}
	_, err = rt.Secrets("elsewhere").Get(ctx, "token")
	fmt.Println("another store:", name(err))
	return nil
}
