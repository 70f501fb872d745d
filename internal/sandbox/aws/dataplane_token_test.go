package aws_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// presigner signs tokens as clients do.
type presigner struct {
	region, endpoint string
	keys             sdkaws.CredentialsProvider
	// unsigned leaves the cluster out of the signature.
	unsigned bool
	expires  string
	shift    time.Duration
}

func (p presigner) url(t *testing.T, cluster string) string {
	t.Helper()
	cfg := sdkaws.Config{Region: p.region, Credentials: p.keys}
	if p.endpoint != "" {
		cfg.BaseEndpoint = &p.endpoint
	}
	client := sts.NewPresignClient(sts.NewFromConfig(cfg))
	signed, err := client.PresignGetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}, func(o *sts.PresignOptions) {
		o.Presigner = shifted{v4.NewSigner(), p.shift}
		o.ClientOptions = append(o.ClientOptions, func(o *sts.Options) {
			if !p.unsigned {
				o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("x-k8s-aws-id", cluster))
			}
			if p.expires != "" {
				o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("X-Amz-Expires", p.expires))
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return signed.URL
}

func (p presigner) token(t *testing.T, cluster string) string { return token(p.url(t, cluster)) }

func token(url string) string {
	return "k8s-aws-v1." + base64.RawURLEncoding.EncodeToString([]byte(url))
}

// shifted signs at another time, and moves X-Amz-Expires from the header into the query as the documented recipe does.
type shifted struct {
	signer *v4.Signer
	by     time.Duration
}

func (s shifted) PresignHTTP(
	ctx context.Context, keys sdkaws.Credentials, r *http.Request, hash, service, region string, at time.Time, options ...func(*v4.SignerOptions),
) (string, http.Header, error) {
	if expires := r.Header.Get("X-Amz-Expires"); expires != "" {
		r.Header.Del("X-Amz-Expires")
		query := r.URL.Query()
		query.Set("X-Amz-Expires", expires)
		r.URL.RawQuery = query.Encode()
	}
	return s.signer.PresignHTTP(ctx, keys, r, hash, service, region, at.Add(s.by), options...)
}

func (w *dataWorld) presigner() presigner {
	return presigner{region: "eu-west-1", keys: credentials.NewStaticCredentialsProvider("sandbox", "sandbox", ""), expires: "60"}
}

// api calls the API server from the Internet with a token and answers the status and what it says.
func (w *dataWorld) api(token string) (int, map[string]any, string) {
	w.t.Helper()
	cluster := do(w.world, w.eks.DescribeCluster, &eks.DescribeClusterInput{Name: new("c")}).Cluster
	raw, err := base64.StdEncoding.DecodeString(*cluster.CertificateAuthority.Data)
	if err != nil {
		w.t.Fatal(err)
	}
	client := w.client("", w.endpoint()+":443", &tls.Config{RootCAs: pool(w.t, raw)})
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, *cluster.Endpoint+"/whoami", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var user map[string]any
	if response.StatusCode == http.StatusOK {
		if err := json.NewDecoder(response.Body).Decode(&user); err != nil {
			w.t.Fatal(err)
		}
		return response.StatusCode, user, ""
	}
	text := new(strings.Builder)
	_ = response.Write(text)
	return response.StatusCode, nil, text.String()
}

func TestToken(t *testing.T) {
	t.Parallel()
	w := newDataWorld(t)
	for name, change := range map[string]func(*presigner){
		"regional":  func(*presigner) {},
		"global":    func(p *presigner) { p.endpoint, p.region = "https://sts.amazonaws.com", "us-east-1" },
		"override":  func(p *presigner) { p.endpoint = w.sandbox.URL },
		"in time":   func(p *presigner) { p.shift = -14 * time.Minute },
		"elsewhere": func(p *presigner) { p.region = "us-west-2" },
	} {
		t.Run(name, func(t *testing.T) {
			p := w.presigner()
			change(&p)
			status, user, text := w.api(p.token(t, "c"))
			if status != http.StatusOK || user["Name"] != "arn:aws:iam::123456789012:user/sandbox" {
				t.Fatalf("%d %v %s", status, user, text)
			}
			if groups, _ := user["Groups"].([]any); !slices.Contains(groups, any("system:masters")) {
				t.Errorf("groups of the creator: %v", groups)
			}
		})
	}
}

func TestTokenIsRefused(t *testing.T) {
	t.Parallel()
	w := newDataWorld(t)
	good := w.presigner().url(t, "c")
	edit := func(change func(u *url.URL, q url.Values)) string {
		u, err := url.Parse(good)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		change(u, q)
		u.RawQuery = q.Encode()
		return token(u.String())
	}
	with := func(change func(*presigner)) string {
		p := w.presigner()
		change(&p)
		return p.token(t, "c")
	}
	for name, tc := range map[string]struct{ token, message string }{
		"none":            {"", "starts with"},
		"no prefix":       {base64.RawURLEncoding.EncodeToString([]byte(good)), "starts with"},
		"padding":         {"k8s-aws-v1." + base64.URLEncoding.EncodeToString([]byte(good+"&")), "decode token"},
		"long":            {token(good + strings.Repeat("x", 4000)), "at most"},
		"other cluster":   {w.presigner().token(t, "d"), "SignatureDoesNotMatch"},
		"unsigned header": {with(func(p *presigner) { p.unsigned = true }), "does not cover the header x-k8s-aws-id"},
		"expired":         {with(func(p *presigner) { p.shift = -16 * time.Minute }), "Signature expired"},
		"future":          {with(func(p *presigner) { p.shift = 16 * time.Minute }), "Signature expired"},
		"no expiry":       {edit(func(_ *url.URL, q url.Values) { q.Del("X-Amz-Expires") }), "X-Amz-Expires"},
		"long expiry":     {with(func(p *presigner) { p.expires = "901" }), "X-Amz-Expires"},
		"tampered":        {edit(func(_ *url.URL, q url.Values) { q.Set("X-Amz-Expires", "61") }), "SignatureDoesNotMatch"},
		"wrong key": {with(func(p *presigner) {
			p.keys = credentials.NewStaticCredentialsProvider("sandbox", "other", "")
		}), "SignatureDoesNotMatch"},
		"unknown key": {with(func(p *presigner) {
			p.keys = credentials.NewStaticCredentialsProvider("AKIANOBODY", "sandbox", "")
		}), "InvalidClientTokenId"},
		"host":         {edit(func(u *url.URL, _ url.Values) { u.Host = "sts.eu-west-1.amazonaws.com.example.com" }), "unexpected host"},
		"region":       {edit(func(u *url.URL, _ url.Values) { u.Host = "sts.mars-1.amazonaws.com" }), "unexpected host"},
		"port":         {edit(func(u *url.URL, _ url.Values) { u.Host += ":8443" }), "unexpected host"},
		"other region": {with(func(p *presigner) { p.endpoint = "https://sts.us-west-2.amazonaws.com" }), "not for sts in us-west-2"},
		"scheme":       {edit(func(u *url.URL, _ url.Values) { u.Scheme = "http" }), "unexpected scheme"},
		"path":         {edit(func(u *url.URL, _ url.Values) { u.Path = "/x" }), "unexpected path"},
		"action":       {edit(func(_ *url.URL, q url.Values) { q.Set("Action", "AssumeRole") }), "not GetCallerIdentity"},
		"parameter":    {edit(func(_ *url.URL, q url.Values) { q.Set("RoleArn", "x") }), "not allowed"},
		"twice":        {edit(func(_ *url.URL, q url.Values) { q.Add("action", "GetCallerIdentity") }), "not allowed or given twice"},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, text := w.api(tc.token)
			if status != http.StatusUnauthorized || !strings.Contains(text, tc.message) {
				t.Errorf("%d %s, want 401 %s", status, text, tc.message)
			}
		})
	}
}

func TestTokenOfRole(t *testing.T) {
	t.Parallel()
	w := newDataWorld(t)
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`
	role := *do(w.world, w.iam.CreateRole, &iam.CreateRoleInput{RoleName: new("team"), Path: new("/people/"), AssumeRolePolicyDocument: &trust}).Role.Arn
	client := sts.NewFromConfig(sdkaws.Config{
		Region: "eu-west-1", BaseEndpoint: &w.sandbox.URL, Credentials: credentials.NewStaticCredentialsProvider("sandbox", "sandbox", ""),
	})
	session, err := client.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: new("ann@example.com")})
	if err != nil {
		t.Fatal(err)
	}
	p := w.presigner()
	p.keys = credentials.NewStaticCredentialsProvider(*session.Credentials.AccessKeyId, *session.Credentials.SecretAccessKey, *session.Credentials.SessionToken)
	if status, _, text := w.api(p.token(t, "c")); status != http.StatusUnauthorized || !strings.Contains(text, "no access entry") {
		t.Errorf("a role without an entry: %d %s", status, text)
	}
	do(w.world, w.eks.CreateAccessEntry, &eks.CreateAccessEntryInput{ClusterName: new("c"), PrincipalArn: &role, KubernetesGroups: []string{"team"}})
	for policy, scope := range map[string]ekstypes.AccessScope{
		"AmazonEKSViewPolicy":         {Type: ekstypes.AccessScopeTypeCluster},
		"AmazonEKSEditPolicy":         {Type: ekstypes.AccessScopeTypeCluster},
		"AmazonEKSAdminPolicy":        {Type: ekstypes.AccessScopeTypeCluster},
		"AmazonEKSClusterAdminPolicy": {Type: ekstypes.AccessScopeTypeNamespace, Namespaces: []string{"x"}},
	} {
		do(w.world, w.eks.AssociateAccessPolicy, &eks.AssociateAccessPolicyInput{
			ClusterName: new("c"), PrincipalArn: &role, PolicyArn: new("arn:aws:eks::aws:cluster-access-policy/" + policy), AccessScope: &scope,
		})
	}
	status, user, text := w.api(p.token(t, "c"))
	if status != http.StatusOK || user["Name"] != "arn:aws:sts::123456789012:assumed-role/team/ann-example.com" {
		t.Fatalf("%d %v %s", status, user, text)
	}
	want := []any{"team", "eks:access:admin", "eks:access:edit", "eks:access:view"}
	if groups, _ := user["Groups"].([]any); !slices.Equal(groups, want) {
		t.Errorf("groups: %v, want %v", groups, want)
	}
	// The session token is part of the identity.
	p.keys = credentials.NewStaticCredentialsProvider(*session.Credentials.AccessKeyId, *session.Credentials.SecretAccessKey, "")
	if status, _, _ := w.api(p.token(t, "c")); status != http.StatusUnauthorized {
		t.Errorf("a session without its token: %d", status)
	}
}

func TestTokenOfCLI(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("there is no aws CLI")
	}
	w := newDataWorld(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for name, endpoint := range map[string]string{"override": w.sandbox.URL, "real": ""} {
		t.Run(name, func(t *testing.T) {
			command := exec.CommandContext(ctx, path, "eks", "get-token", "--cluster-name", "c", "--region", "eu-west-1")
			command.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=sandbox", "AWS_SECRET_ACCESS_KEY=sandbox", "AWS_SESSION_TOKEN=", "AWS_CONFIG_FILE="+os.DevNull)
			if endpoint != "" {
				command.Env = append(command.Env, "AWS_ENDPOINT_URL="+endpoint)
			}
			out, err := command.Output()
			if err != nil {
				t.Skipf("the aws CLI does not work here: %v", err)
			}
			var credential struct{ Status struct{ Token string } }
			if err := json.Unmarshal(out, &credential); err != nil {
				t.Fatal(err)
			}
			if status, _, text := w.api(credential.Status.Token); status != http.StatusOK {
				t.Errorf("%d %s", status, text)
			}
		})
	}
}
