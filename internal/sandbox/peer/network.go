package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Network makes a network of Google Cloud with one subnetwork of its name, as a service account that is taken with the sandbox's own
// credentials.
func Network(ctx context.Context, url, account, project, region, name, cidr string) error {
	var issued struct{ AccessToken string }
	err := post(ctx, url+"/v1/projects/-/serviceAccounts/"+account+":generateAccessToken", "sandbox", map[string]any{"scope": []string{"https://www.googleapis.com/auth/cloud-platform"}}, &issued)
	if err != nil {
		return err
	}
	compute := url + "/compute/v1/projects/" + project
	if err := post(ctx, compute+"/global/networks", issued.AccessToken, map[string]any{"name": name, "autoCreateSubnetworks": false}, nil); err != nil {
		return err
	}
	return post(ctx, compute+"/regions/"+region+"/subnetworks", issued.AccessToken, map[string]any{"name": name, "network": "global/networks/" + name, "ipCidrRange": cidr}, nil)
}

// post makes a call, whose operation is over at once in a sandbox without delays.
func post(ctx context.Context, url, token string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	var text bytes.Buffer
	if _, err := text.ReadFrom(answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("POST %s: %s: %s", url, answer.Status, strings.TrimSpace(text.String()))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text.Bytes(), into)
}
