package aws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
)

// standIns are what moto needs help with, by operation.
var standIns = map[string]standIn{
	"acm:ImportCertificate": func(m *motoServer, r *http.Request, a *motoAnswer) string {
		var in, out map[string]any
		if json.NewDecoder(r.Body).Decode(&in) != nil || json.Unmarshal(a.body, &out) != nil || a.status != http.StatusOK {
			return ""
		}
		arn, _ := out["CertificateArn"].(string)
		m.mu.Lock()
		m.chains[arn] = in["CertificateChain"]
		tags := m.tags[arn]
		m.mu.Unlock()
		if in["CertificateArn"] == nil || tags == nil {
			return ""
		}
		now, err := m.json(r, "CertificateManager.ListTagsForCertificate", map[string]any{"CertificateArn": arn})
		if kept, _ := now["Tags"].([]any); err != nil || len(kept) > 0 {
			return ""
		}
		if _, err := m.json(r, "CertificateManager.AddTagsToCertificate", map[string]any{"CertificateArn": arn, "Tags": tags}); err != nil {
			return ""
		}
		return "a certificate that is imported again loses its tags"
	},
	"acm:ListTagsForCertificate": func(m *motoServer, r *http.Request, a *motoAnswer) string {
		var in, out map[string]any
		if json.NewDecoder(r.Body).Decode(&in) != nil || json.Unmarshal(a.body, &out) != nil || a.status != http.StatusOK {
			return ""
		}
		arn, _ := in["CertificateArn"].(string)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.tags[arn] = out["Tags"]
		return ""
	},
	"acm:GetCertificate": func(m *motoServer, r *http.Request, a *motoAnswer) string {
		var in map[string]any
		if json.NewDecoder(r.Body).Decode(&in) != nil {
			return ""
		}
		arn, _ := in["CertificateArn"].(string)
		m.mu.Lock()
		chain, ok := m.chains[arn]
		m.mu.Unlock()
		if !ok || !a.rewrite(func(body map[string]any) bool {
			want := decodedChain(chain)
			if reflect.DeepEqual(body["CertificateChain"], want) {
				return false
			}
			delete(body, "CertificateChain")
			if want != nil {
				body["CertificateChain"] = want
			}
			return true
		}) {
			return ""
		}
		return "the chain has a root that nobody imported"
	},
	"eks:ListAccessEntries": func(_ *motoServer, _ *http.Request, a *motoAnswer) string {
		if !a.unknown() {
			return ""
		}
		a.status, a.body = http.StatusOK, []byte(`{"accessEntries":[]}`)
		return "not implemented: administrators of a cluster are not tested"
	},
	"eks:DescribeCluster": func(m *motoServer, r *http.Request, a *motoAnswer) string {
		if !a.rewrite(func(body map[string]any) bool {
			cluster, _ := body["cluster"].(map[string]any)
			config, _ := cluster["resourcesVpcConfig"].(map[string]any)
			m.mu.Lock()
			m.version, _ = cluster["version"].(string)
			m.mu.Unlock()
			if id, _ := config["clusterSecurityGroupId"].(string); id != "" || config == nil {
				return false
			}
			subnets, _ := config["subnetIds"].([]any)
			if len(subnets) == 0 {
				return false
			}
			vpc := m.askEC2(r, "vpcId", url.Values{"Action": {"DescribeSubnets"}, "SubnetId.1": {fmt.Sprint(subnets[0])}})
			config["vpcId"] = vpc
			config["clusterSecurityGroupId"] = m.askEC2(r, "groupId", url.Values{"Action": {"DescribeSecurityGroups"},
				"Filter.1.Name": {"vpc-id"}, "Filter.1.Value.1": {vpc}, "Filter.2.Name": {"group-name"}, "Filter.2.Value.1": {"default"}})
			return true
		}) {
			return ""
		}
		return "a cluster has no VPC and no security group of its own: the VPC's default one takes its place"
	},
	"eks:DescribeNodegroup": func(m *motoServer, _ *http.Request, a *motoAnswer) string {
		m.mu.Lock()
		defer m.mu.Unlock()
		if !a.rewrite(func(body map[string]any) bool {
			group, _ := body["nodegroup"].(map[string]any)
			if group == nil || group["version"] == m.version {
				return false
			}
			group["version"] = m.version
			return true
		}) {
			return ""
		}
		return "a node group's version does not follow the cluster's: upgrades are not tested"
	},
	"autoscaling:AttachTrafficSources": func(m *motoServer, r *http.Request, a *motoAnswer) string {
		return m.trafficSources(r, a, "Attach")
	},
	"autoscaling:DetachTrafficSources": func(m *motoServer, r *http.Request, a *motoAnswer) string {
		return m.trafficSources(r, a, "Detach")
	},
	"autoscaling:DescribeAutoScalingGroups": func(m *motoServer, r *http.Request, a *motoAnswer) string {
		if bytes.Contains(a.body, []byte("<AutoScalingGroupName>")) {
			return ""
		}
		form := formOf(r)
		members := ""
		m.mu.Lock()
		defer m.mu.Unlock()
		for key, values := range form {
			if !strings.HasPrefix(key, "AutoScalingGroupNames.member.") {
				continue
			}
			members += "<member><AutoScalingGroupName>" + values[0] + "</AutoScalingGroupName><TrafficSources>"
			for target := range m.attached[values[0]] {
				members += "<member><Identifier>" + target + "</Identifier><Type>elbv2</Type></member>"
			}
			members += "</TrafficSources></member>"
		}
		a.body = []byte(`<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups>` + members + `</AutoScalingGroups></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>`)
		return "a node group has no Auto Scaling group: how nodes reach the target group is not tested"
	},
}

// trafficSources keeps what moto would have to.
func (m *motoServer) trafficSources(r *http.Request, a *motoAnswer, verb string) string {
	if !a.unknown() {
		return ""
	}
	form := formOf(r)
	group, target := form.Get("AutoScalingGroupName"), form.Get("TrafficSources.member.1.Identifier")
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.attached[group] == nil {
		m.attached[group] = map[string]bool{}
	}
	if verb == "Attach" {
		m.attached[group][target] = true
	} else {
		delete(m.attached[group], target)
	}
	a.status, a.body = http.StatusOK, []byte("<"+verb+"TrafficSourcesResponse><"+verb+"TrafficSourcesResult/></"+verb+"TrafficSourcesResponse>")
	return "not implemented"
}

// askEC2 makes another call to moto and gives the first value of an element.
func (m *motoServer) askEC2(r *http.Request, element string, form url.Values) string {
	form.Set("Version", "2016-11-15")
	again := r.Clone(r.Context())
	again.Method, again.URL = http.MethodPost, &url.URL{Path: "/"}
	again.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "/eks/", "/ec2/", 1))
	again.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, _, err := m.ask(again, []byte(form.Encode()))
	if err != nil {
		return ""
	}
	match := regexp.MustCompile("<" + element + ">([^<]+)<").FindSubmatch(answer.body)
	if match == nil {
		return ""
	}
	return string(match[1])
}

func formOf(r *http.Request) url.Values {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	return form
}

// decodedChain is a chain as it is read back, nil when there is none.
func decodedChain(imported any) any {
	text, ok := imported.(string)
	if !ok || text == "" {
		return nil
	}
	return decoded(text)
}
