package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// The sandbox's built-in project and token.
const project, token = "sandbox-project", "sandbox"

// openPolicy adds a rule to a security policy, whose mark is in its description, before all others.
func openPolicy(sandbox, region, object, cidr string) error {
	policies := fmt.Sprintf("/compute/v1/projects/%s/regions/%s/securityPolicies", project, region)
	var found struct {
		Items []struct{ Name, Description string }
	}
	answer, err := compute(sandbox, http.MethodGet, policies, nil)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, &found); err != nil {
		return fmt.Errorf("reading the security policies: %w", err)
	}
	var names []string
	for _, policy := range found.Items {
		if slices.Contains(strings.Fields(policy.Description), "serving:object="+object) {
			names = append(names, policy.Name)
		}
	}
	if len(names) != 1 {
		return fmt.Errorf("%d security policies are marked serving:object=%s, want 1", len(names), object)
	}
	_, err = compute(sandbox, http.MethodPost, policies+"/"+names[0]+"/addRule", map[string]any{
		"priority": 1, "action": "allow", "description": "temporary, for debugging",
		"match": map[string]any{"versionedExpr": "SRC_IPS_V1", "config": map[string]any{"srcIpRanges": []string{cidr}}},
	})
	if err != nil {
		return err
	}
	fmt.Printf("%s now admits %s\n", names[0], cidr)
	return nil
}

// compute makes one call of the Compute Engine API.
func compute(sandbox, method, path string, body any) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	if body == nil {
		text = nil
	}
	request, err := http.NewRequest(method, strings.TrimSuffix(sandbox, "/")+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	answer, err := read(response)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return answer, nil
}
